import * as z from 'zod';
import { plainText } from '../domain/plain-text.ts';
import { allowedLength, parseLength } from './contract-duration.ts';

/** The body of every answer that is not 2xx. */
export const errorSchema = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string() }),
});

const line = z
  .string()
  .max(1000)
  .transform((said) => plainText(said))
  .pipe(z.string().min(1, 'must say something'));
const by = line.nullable().default(null);
const commitPrefix = z
  .string()
  .regex(/^[0-9a-f]{7,64}$/, 'a commit id or its first digits: 7 to 64 lower-case hex digits');
const idPrefix = z
  .string()
  .regex(/^[0-9A-Za-z-]{4,100}$/, 'the id of a deployment or of a commit, or its first characters');
const forMs = z
  .string()
  .transform((said, context) => {
    const ms = parseLength(said);
    if (ms !== null) return ms;
    context.addIssue({ code: 'custom', message: allowedLength });
    return z.NEVER;
  })
  .nullable()
  .default(null);

/** What the commands take; an unknown field is an error, because it may carry a wish that would be ignored. */
export const requestSchemas = {
  reconcile: z.strictObject({ by }),
  suspend: z
    .strictObject({ reason: line, for: forMs, by })
    .transform(({ for: length, ...rest }) => ({ ...rest, forMs: length })),
  resume: z.strictObject({ by }),
  retry: z.strictObject({ commit: commitPrefix.nullable().default(null), by }),
  accept: z.strictObject({ commit: commitPrefix, reason: line, by }),
  confirm: z.strictObject({ id: idPrefix.nullable().default(null), by }),
  rollback: z.strictObject({ to: idPrefix.nullable().default(null), reason: line, by }),
  reject: z.strictObject({ id: idPrefix.nullable().default(null), reason: line, by }),
} as const;

/** What questions take behind the `?`; everything is text there. */
export const querySchemas = {
  audit: z.strictObject({
    limit: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, 'a whole number from 1 to 1000')
      .transform(Number)
      .pipe(z.number().max(1000, 'at most 1000'))
      .default(200),
  }),
  plan: z.strictObject({ commit: commitPrefix.nullable().default(null) }),
  why: z.strictObject({ commit: commitPrefix.nullable().default(null) }),
} as const;

/** What a route does; the server has one function for each, `unsupported` answers 501. */
export type RouteName =
  | 'status'
  | 'history'
  | 'deployment'
  | 'events'
  | 'audit'
  | 'plan'
  | 'planProgress'
  | 'why'
  | 'reconcile'
  | 'suspend'
  | 'resume'
  | 'retry'
  | 'accept'
  | 'confirm'
  | 'reject'
  | 'rollback'
  | 'unsupported';

/** One method on one path. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** `:id` stands for one path segment. */
  readonly path: string;
  readonly name: RouteName;
}

/** Every path on the socket. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/v1/status', name: 'status' },
  { method: 'GET', path: '/v1/history', name: 'history' },
  { method: 'GET', path: '/v1/deployments/:id', name: 'deployment' },
  { method: 'GET', path: '/v1/events', name: 'events' },
  { method: 'GET', path: '/v1/audit', name: 'audit' },
  { method: 'POST', path: '/v1/reconcile', name: 'reconcile' },
  { method: 'POST', path: '/v1/suspend', name: 'suspend' },
  { method: 'POST', path: '/v1/resume', name: 'resume' },
  { method: 'POST', path: '/v1/retry', name: 'retry' },
  { method: 'POST', path: '/v1/accept', name: 'accept' },
  { method: 'GET', path: '/v1/plan', name: 'plan' },
  { method: 'GET', path: '/v1/plan/progress', name: 'planProgress' },
  { method: 'GET', path: '/v1/why', name: 'why' },
  { method: 'POST', path: '/v1/confirm', name: 'confirm' },
  { method: 'POST', path: '/v1/reject', name: 'reject' },
  { method: 'POST', path: '/v1/rollback', name: 'rollback' },
];
