import * as z from 'zod';
import {
  deploymentOutcomes,
  deploymentSteps,
  type CheckResult,
  type Deployment,
} from '../domain/deployment.ts';
import { ownFates } from '../domain/own-unit.ts';
import {
  commit,
  listOf,
  maybeCommit,
  maybeText,
  maybeTime,
  operation,
  seconds,
  text,
  time,
} from './contract-values.ts';

const health = z.enum(['passing', 'failing', 'unknown']);

/** One health check's result, with what it was before the deployment. */
export const checkSchema = z.object({
  name: text,
  status: health,
  baseline: health.nullable(),
  durationSeconds: seconds,
  message: maybeText,
}) satisfies z.ZodType<CheckResult>;

/** GET /v1/deployments/:id, and each entry of history. */
export const deploymentSchema = z.object({
  id: text,
  commit,
  subject: maybeText,
  remote: maybeText,
  branch: z.enum(['main', 'testing']),
  toplevel: text,
  operation,
  trigger: z.enum(['commit', 'drift', 'operator', 'retry', 'boot']),
  by: maybeText,
  outcome: z.enum(deploymentOutcomes).nullable(),
  step: z.enum(deploymentSteps).nullable(),
  startedAt: time,
  endedAt: maybeTime,
  reason: maybeText,
  message: maybeText,
  phases: listOf(z.object({ phase: text, startedAt: time, durationSeconds: seconds })),
  checks: listOf(checkSchema),
  previous: z.object({
    toplevel: maybeText,
    commit: maybeCommit,
    profile: maybeText,
    bootDefault: maybeText,
    specialisation: z.object({ name: text, toplevel: text }).nullable().default(null),
  }),
  abide: z.enum(ownFates).default('unchanged'),
  bootId: maybeText,
  retried: z.boolean(),
  exitCode: z.int().nullable(),
  goesBackFrom: maybeCommit,
  noRollback: maybeText,
  noWayBack: maybeText.default(null),
  inPlace: z.boolean().default(false),
  cutOffAt: z.enum(deploymentSteps).optional(),
  confirmation: z.object({ askedBy: text, by: maybeText, at: maybeTime }).nullable(),
  staged: maybeText,
  log: listOf(text),
}) satisfies z.ZodType<Deployment>;

/** GET /v1/history; newest first. */
export const deploymentListSchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('DeploymentList'),
  deployments: listOf(deploymentSchema),
});
