import * as z from 'zod';
import { driftKinds } from '../domain/facts.ts';
import { rebootReasons } from '../domain/observed.ts';
import { problemCodes } from '../domain/problem.ts';
import { conditionTypes, loopStates, summaries, type HostStatus } from '../domain/status.ts';
import { checkSchema, deploymentSchema } from './contract-deployment.ts';
import {
  commit,
  count,
  listOf,
  maybeCommit,
  maybeText,
  maybeTime,
  operation,
  text,
  time,
} from './contract-values.ts';

const branchStatus = z.object({
  ref: text,
  head: maybeCommit,
  subject: maybeText,
  relation: z.enum(['same', 'ahead', 'behind', 'rewritten', 'diverged', 'missing']),
  verdict: z.enum(['accepted', 'rejected', 'pending']).nullable(),
  reason: maybeText,
  message: maybeText,
  candidate: maybeCommit,
});

const remoteStatus = z.object({
  name: text,
  url: text,
  up: z.boolean().nullable(),
  lastAttempt: maybeTime,
  lastSuccess: maybeTime,
  error: z.object({ code: text, message: text }).nullable(),
  selected: z.boolean(),
  main: branchStatus.nullable(),
  testing: branchStatus.nullable(),
});

const slot = z.object({ toplevel: maybeText, commits: listOf(commit) });

/** GET /v1/status, and the data of a server-sent `status`. A field that a newer daemon adds is no error. */
export const hostStatusSchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('HostStatus'),
  host: text,
  version: text,
  mode: z.enum(['enforce', 'observe']),
  summary: z.enum(summaries),
  message: text,
  state: z.enum(loopStates),
  desired: z
    .object({
      commit,
      remote: maybeText,
      branch: text,
      testing: z.boolean(),
      operation,
      subject: maybeText,
      author: maybeText,
      committedAt: maybeTime,
      signer: z.object({ kind: z.enum(['ssh', 'gpg']), key: text, name: text }).nullable(),
    })
    .nullable(),
  observed: z
    .object({
      current: slot.extend({ specialisation: z.string().nullable().default(null) }),
      booted: slot.extend({ proven: z.boolean().nullable() }),
      profile: z.object({ generation: count.nullable(), toplevel: maybeText }),
      bootDefault: z.object({ toplevel: maybeText }),
    })
    .nullable(),
  drift: listOf(z.object({ kind: z.enum(driftKinds), since: time, message: text })),
  rebootRequired: z.object({ required: z.boolean(), reasons: listOf(z.enum(rebootReasons)) }),
  floor: maybeCommit,
  remotes: listOf(remoteStatus),
  conditions: listOf(
    z.object({
      type: z.enum(conditionTypes),
      status: z.enum(['True', 'False', 'Unknown']),
      reason: text,
      message: text,
      lastTransitionTime: time,
      observedCommit: maybeCommit,
    }),
  ),
  health: listOf(checkSchema),
  deployment: deploymentSchema.nullable(),
  lastDeployment: deploymentSchema.nullable(),
  quarantine: listOf(
    z.object({
      commit,
      toplevel: maybeText,
      reason: text,
      since: time,
      deployment: maybeText,
      message: maybeText,
    }),
  ),
  suspended: z.object({ reason: text, by: maybeText, since: time, until: maybeTime }).nullable(),
  waiting: z.object({ gate: text, reason: text, since: time, nextCheck: maybeTime }).nullable(),
  backoff: z.object({ class: text, attempt: count, attempts: count.nullable(), until: time }).nullable(),
  failure: z
    .object({
      commit,
      class: z.enum(['evaluate', 'build', 'activate', 'commit', 'environment', 'unexpected']),
      code: z.enum(problemCodes),
      message: text,
      log: listOf(text),
      since: time,
      stalled: z.boolean(),
    })
    .nullable(),
  progress: z
    .object({
      phase: text,
      text,
      done: z.number().nullable(),
      expected: z.number().nullable(),
      since: time,
    })
    .nullable(),
  reconcile: z.object({ requested: maybeText, handled: maybeText }),
  nextReconcile: maybeTime,
}) satisfies z.ZodType<HostStatus>;
