import * as z from 'zod';
import { whyDecisions, whyStandings, type WhyAnswer } from '../domain/why-answer.ts';
import { listOf, maybeText, text } from './contract-values.ts';

/** GET /v1/why; `commit` is what was asked for when no such commit is known. */
export const whySchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('Why'),
  commits: listOf(
    z.object({
      commit: text,
      subject: maybeText,
      standing: z.enum(whyStandings),
      message: text,
      offers: listOf(z.object({ remote: text, role: z.enum(['main', 'testing']), ref: text })),
      reasons: listOf(z.object({ decision: z.enum(whyDecisions), message: text, next: maybeText })),
    }),
  ),
  remarks: listOf(text),
}) satisfies z.ZodType<WhyAnswer>;
