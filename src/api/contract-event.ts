import * as z from 'zod';
import { eventTypes, type HostEvent } from '../domain/event.ts';
import { count, listOf, maybeCommit, maybeText, text, time } from './contract-values.ts';

/** The data of a server-sent `event`, and each entry of the list of events. */
export const hostEventSchema = z.object({
  id: count,
  time,
  type: z.enum(eventTypes),
  severity: z.enum(['info', 'warning', 'error']),
  message: text,
  remote: maybeText,
  commit: maybeCommit,
  deployment: maybeText,
  phase: maybeText,
  code: maybeText,
}) satisfies z.ZodType<HostEvent>;

/** GET /v1/events for a client that accepts only application/json; oldest first. */
export const eventListSchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('EventList'),
  events: listOf(hostEventSchema),
});
