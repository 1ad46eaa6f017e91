import * as z from 'zod';
import type { Progress } from '../domain/evaluation.ts';
import { rebootReasons } from '../domain/observed.ts';
import { planWays, type Plan } from '../domain/plan.ts';
import { commit, listOf, maybeText, operation, text } from './contract-values.ts';

/** GET /v1/plan. */
export const planSchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('Plan'),
  host: text,
  commit,
  subject: maybeText,
  branch: z.enum(['main', 'testing']),
  operation,
  toplevel: text,
  current: maybeText,
  way: z.enum(planWays),
  staged: maybeText,
  inhibitors: listOf(z.object({ key: text, running: text, candidate: text })),
  rebootReasons: listOf(z.enum(rebootReasons)),
  wayBack: z.object({ unattended: z.boolean(), message: text }),
  holds: listOf(z.object({ decision: text, message: text })),
  closure: z.object({
    changes: listOf(z.object({ name: text, before: listOf(text), after: listOf(text) })),
    added: z.int(),
    removed: z.int(),
    sizeDelta: z.number(),
  }),
  units: listOf(text).nullable(),
  checks: listOf(text),
}) satisfies z.ZodType<Plan>;

/** GET /v1/plan/progress: how far the plan that is being made has come. */
export interface PlanProgress {
  readonly progress: Progress | null;
}
