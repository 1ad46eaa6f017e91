import * as z from 'zod';
import { isCommitId } from '../domain/commit.ts';
import type { Confirmation } from '../domain/deployment.ts';
import type { Consent, GoingBack } from '../domain/facts.ts';

type ShapeOf<T> = Record<keyof T, z.ZodType>;

const commit = z.string().refine(isCommitId, 'is not a full commit id');
const time = z.string();

/** Whether a person has to say yes to a deployment, as the journal keeps it. */
export const confirmation = z.looseObject({
  askedBy: z.string(),
  by: z.string().nullable(),
  at: time.nullable(),
} satisfies ShapeOf<Confirmation>);

/** A person's yes to a commit, as the journal keeps it. */
export const consent = z.looseObject({
  commit,
  by: z.string().nullable(),
  since: time,
} satisfies ShapeOf<Consent>);

/** A way back that a person asked for, as the journal keeps it. */
export const goingBack = z.looseObject({
  commit,
  toplevel: z.string(),
  remote: z.string().nullable(),
  branch: z.enum(['main', 'testing']),
  operation: z.enum(['switch', 'boot', 'test']),
  from: commit,
  reason: z.string(),
  by: z.string().nullable(),
  since: time,
} satisfies ShapeOf<GoingBack>);
