import * as z from 'zod';
import { isCommitId } from '../domain/commit.ts';
import type { LastResort } from '../domain/last-resort.ts';
import type { RollbackRow } from '../domain/rollbacks-in-a-row.ts';
import type { Unwell } from '../domain/unwell.ts';
import { seen } from './probation-schema.ts';

type ShapeOf<T> = Record<keyof T, z.ZodType>;

/** A system that is worse after its rollback, as the journal keeps it. */
export const unwell = z.looseObject({
  deployment: z.string().min(1),
  before: z.array(seen),
  looks: z.number(),
  since: z.string(),
} satisfies ShapeOf<Unwell>);

/** The reboot that was asked for, as the journal keeps it. */
export const lastResort = z.looseObject({
  deployment: z.string().min(1),
  since: z.string(),
} satisfies ShapeOf<LastResort>);

/** Rollbacks in a row, as the journal keeps them. */
export const rollbackRow = z.looseObject({
  base: z.string(),
  commits: z.array(z.string().refine(isCommitId, 'is not a full commit id')),
  until: z.number(),
} satisfies ShapeOf<RollbackRow>);
