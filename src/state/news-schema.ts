import * as z from 'zod';
import type { HostEvent } from '../domain/event.ts';
import type { Condition } from '../domain/status.ts';

type ShapeOf<T> = Record<keyof T, z.ZodType>;

const word = z.string();
const time = z.string();

/** Something that happened, as the journal keeps it. */
export const event = z.looseObject({
  id: z.number().int(),
  time,
  type: word,
  severity: word,
  message: z.string(),
  remote: z.string().nullable(),
  commit: z.string().nullable(),
  deployment: z.string().nullable(),
  phase: z.string().nullable(),
  code: z.string().nullable(),
} satisfies ShapeOf<HostEvent>);

/** A condition, as the journal keeps it. */
export const condition = z.looseObject({
  type: word,
  status: z.enum(['True', 'False', 'Unknown']),
  reason: word,
  message: z.string(),
  lastTransitionTime: time,
  observedCommit: z.string().nullable(),
} satisfies ShapeOf<Condition>);
