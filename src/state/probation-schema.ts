import * as z from 'zod';
import type { CheckSeen } from '../domain/check.ts';
import { isCommitId } from '../domain/commit.ts';
import type { FirstBoot } from '../domain/first-boot.ts';
import type { Probation, ProbationClock, ProbationRules } from '../domain/probation.ts';

type ShapeOf<T> = Record<keyof T, z.ZodType>;

/** What one check found, as the journal keeps it. */
export const seen = z.looseObject({
  name: z.string(),
  status: z.enum(['passing', 'failing', 'unknown']),
  durationSeconds: z.number(),
  message: z.string().nullable(),
  definitive: z.boolean(),
  well: z.array(z.string()),
  unwell: z.array(z.string()),
} satisfies ShapeOf<CheckSeen>);

/** What the checks said before a system that ended without a proof, as the journal keeps it. */
export const unproved = z.looseObject({ toplevel: z.string().min(1), checks: z.array(seen) });

const rules = z.looseObject({
  settleMs: z.number(),
  stableForMs: z.number(),
  deadlineMs: z.number(),
} satisfies ShapeOf<ProbationRules>);

/** The probation of the running deployment, as the journal keeps it; keys of newer minors have defaults. */
export const probation = z.looseObject({
  deployment: z.string(),
  rules: rules.nullable().default(null),
  before: z.array(seen).nullable(),
  last: z.array(seen).optional(),
  clock: z
    .looseObject({
      bootId: z.string().nullable(),
      activatedAt: z.number(),
      steadySince: z.number().nullable(),
      resumedAt: z.number().nullable().default(null),
      asleepMs: z.number().nullable().default(null),
    } satisfies ShapeOf<ProbationClock>)
    .nullable(),
} satisfies ShapeOf<Probation>);

/** What a deployment leaves for the first boot of its system, as the journal keeps it. */
export const firstBoot = z.looseObject({
  checks: z.array(seen),
  noRollback: z.string().refine(isCommitId, 'is not a full commit id').nullable(),
  askedBy: z.string().nullable().default(null),
  newAbide: z.boolean().default(false),
} satisfies ShapeOf<FirstBoot>);
