import * as z from 'zod';
import type { BootOnceFact, LoaderTold } from '../domain/boot-once.ts';
import type { BootProven } from '../domain/boot-proven.ts';
import type { Choice } from '../domain/choice.ts';
import { isCommitId } from '../domain/commit.ts';
import type { CheckResult, Deployment, PhaseTiming } from '../domain/deployment.ts';
import { deploymentSteps } from '../domain/deployment.ts';
import { ownFates } from '../domain/own-unit.ts';
import type { HostEvent } from '../domain/event.ts';
import type { CommitRecord, Expected, Facts, Failure, Quarantined, Suspension } from '../domain/facts.ts';
import type { PendingHook } from '../domain/hook.ts';
import type { Condition } from '../domain/status.ts';
import { condition, event } from './news-schema.ts';
import { lastResort, rollbackRow, unwell } from './rollback-schema.ts';
import { firstBoot, probation, unproved } from './probation-schema.ts';
import { confirmation, consent, goingBack } from './wishes-schema.ts';

/** What the daemon keeps in the journal. */
export interface JournalContent {
  readonly facts: Facts;
  /** Oldest first. */
  readonly events: readonly HostEvent[];
  readonly nextEventId: number;
  /** Values of counters and gauges that survive a restart, by sample. */
  readonly counters: Readonly<Record<string, number>>;
  readonly conditions: readonly Condition[];
}

/** The journal as it stands on disk; fields of a newer minor version are kept in it at every depth. */
export interface JournalDocument extends JournalContent {
  /** `major.minor`: a minor only adds fields, a major may change the meaning of old ones. */
  readonly version: string;
  readonly kind: 'AbideJournal';
  /** RFC 3339. */
  readonly writtenAt: string;
}

/** The version this abide writes. */
export const journalVersion = { major: 1, minor: 3 } as const;

type ShapeOf<T> = Record<keyof T, z.ZodType>;

// Words that only people and metrics read stay open, so that a newer minor may add some; words that decide are closed.
const word = z.string();
const time = z.string();
const commit = z.string().refine(isCommitId, 'is not a full commit id');
const path = z.string();
const lines = z.array(z.string());
const branch = z.enum(['main', 'testing']);
const operation = z.enum(['switch', 'boot', 'test']);
const health = z.enum(['passing', 'failing', 'unknown']);

const phase = z.looseObject({
  phase: word,
  startedAt: time,
  durationSeconds: z.number(),
} satisfies ShapeOf<PhaseTiming>);

const check = z.looseObject({
  name: word,
  status: health,
  baseline: health.nullable(),
  durationSeconds: z.number(),
  message: z.string().nullable(),
} satisfies ShapeOf<CheckResult>);

const previous = z.looseObject({
  toplevel: path.nullable(),
  commit: commit.nullable().catch(null),
  profile: path.nullable(),
  bootDefault: path.nullable(),
  specialisation: z.looseObject({ name: z.string(), toplevel: path }).nullable().default(null),
} satisfies ShapeOf<Deployment['previous']>);

const deployment = z.looseObject({
  id: z.string().min(1),
  commit,
  subject: z.string().nullable(),
  remote: z.string().nullable(),
  branch,
  toplevel: path,
  operation,
  trigger: word,
  by: z.string().nullable(),
  outcome: word.nullable(),
  step: z.enum(deploymentSteps).nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  reason: word.nullable(),
  message: z.string().nullable(),
  phases: z.array(phase),
  checks: z.array(check),
  previous,
  abide: z.enum(ownFates).default('unchanged'),
  bootId: z.string().nullable(),
  retried: z.boolean(),
  exitCode: z.number().nullable(),
  confirmation: confirmation.nullable().default(null),
  goesBackFrom: commit.nullable().default(null),
  staged: z.string().nullable().default(null),
  noRollback: z.string().nullable().default(null),
  noWayBack: z.string().nullable().default(null),
  inPlace: z.boolean().default(false),
  cutOffAt: z.enum(deploymentSteps).optional(),
  log: lines,
} satisfies ShapeOf<Deployment>);

const expected = z.looseObject({
  commit,
  branch,
  operation,
  current: path.nullable(),
  profile: path.nullable(),
  bootDefault: path.nullable(),
  committed: z.boolean(),
  since: time,
  firstBoot: firstBoot.optional(),
} satisfies ShapeOf<Expected>);

const quarantined = z.looseObject({
  commit,
  toplevel: path.nullable(),
  reason: word,
  since: time,
  deployment: z.string().nullable(),
  message: z.string().nullable().optional(),
} satisfies ShapeOf<Quarantined>);

const record = z.looseObject({
  commit,
  subject: z.string().nullable(),
  author: z.string().nullable(),
  committedAt: time.nullable(),
  firstSeen: time,
  derivation: path.nullable(),
  toplevel: path.nullable(),
  payloadHash: z.string().nullable().default(null),
  signer: z
    .looseObject({ kind: z.enum(['ssh', 'gpg']), key: z.string(), name: z.string() })
    .nullable()
    .default(null),
} satisfies ShapeOf<CommitRecord>);

const failure = z.looseObject({
  commit,
  class: word,
  code: word,
  message: z.string(),
  log: lines,
  attempt: z.number(),
  attempts: z.number().nullable(),
  since: time,
  row: z.number(),
  until: z.number(),
  stalled: z.boolean(),
} satisfies ShapeOf<Failure>);

const suspension = z.looseObject({
  reason: z.string(),
  by: z.string().nullable(),
  since: time,
  until: time.nullable(),
} satisfies ShapeOf<Suspension>);

const pendingHook = z.looseObject({
  hook: z.enum(['postCommit', 'postRollback']),
  deployment: z.string().min(1),
  commit,
  environment: z.record(z.string(), z.string()),
} satisfies ShapeOf<PendingHook>);

const facts = z.looseObject({
  floor: z.looseObject({ commit, payloadHash: z.string().nullable() }).nullable(),
  offered: z.record(z.string(), z.looseObject({ main: commit.nullable(), testing: commit.nullable() })),
  firstAccepted: commit.nullable().default(null),
  supersededTesting: z.array(commit).default([]),
  quarantine: z.array(quarantined),
  expected: expected.nullable(),
  committedMain: expected.nullable(),
  deployment: deployment.nullable(),
  probation: probation.nullable().default(null),
  awaitsNetwork: z.looseObject({ commit, since: time }).nullable().default(null),
  unwell: unwell.nullable().default(null),
  lastResort: lastResort.nullable().default(null),
  rollbackRow: rollbackRow.nullable().default(null),
  pendingHooks: z.array(pendingHook).default([]),
  deployments: z.array(deployment),
  commits: z.array(record),
  failure: failure.nullable(),
  suspended: suspension.nullable(),
  goingBack: goingBack.nullable().default(null),
  spentTesting: commit.nullable(),
  confirmed: z.array(consent).default([]),
  bootId: z.string().nullable(),
  choice: z
    .looseObject({
      what: z.enum(['boot', 'profile', 'generation']),
      toplevel: path.nullable(),
      commit,
      since: time,
    } satisfies ShapeOf<Choice>)
    .nullable()
    .default(null),
  bootProven: z
    .array(z.looseObject({ toplevel: path, since: time } satisfies ShapeOf<BootProven>))
    .nullable()
    .default(null),
  bootOnce: z
    .looseObject({
      toplevel: path,
      fallback: path,
      bootId: z.string().nullable(),
    } satisfies ShapeOf<BootOnceFact>)
    .nullable()
    .default(null),
  loaderTold: z
    .looseObject({ toplevel: path, fallback: path } satisfies ShapeOf<LoaderTold>)
    .nullable()
    .default(null),
  bootToProve: path.nullable().default(null),
  unproved: unproved.nullable().default(null),
  configHash: z.string().nullable(),
  hold: z.looseObject({ reason: z.string(), since: time }).nullable(),
  driftSince: z.record(z.string(), time),
} satisfies ShapeOf<Facts>);

/** The schema of every journal of this major version; unknown fields stay where they are. */
export const journalSchema = z.looseObject({
  version: z.string(),
  kind: z.literal('AbideJournal'),
  writtenAt: time,
  facts,
  events: z.array(event),
  nextEventId: z.number().int().min(1),
  counters: z.record(z.string(), z.number()),
  conditions: z.array(condition),
} satisfies ShapeOf<JournalDocument>);

/** What alone is promised of a journal of any version. */
export const versionSchema = z.looseObject({
  version: z.string().regex(/^[1-9]\d{0,5}\.\d{1,6}$/),
  kind: z.literal('AbideJournal'),
});
