import * as z from 'zod';
import { isCommitId } from '../domain/commit.ts';

/** Any text; the daemon has freed it of control and bidi characters. */
export const text = z.string();
/** Text, or null where there is none. */
export const maybeText = text.nullable();
/** A time in RFC 3339. */
export const time = z.iso.datetime({ offset: true });
/** RFC 3339, or null for "never" and "not known". */
export const maybeTime = time.nullable();
/** A full commit id. */
export const commit = text.refine(isCommitId, 'a full commit id: 40 or 64 lower-case hex digits');
/** A full commit id, or null where there is none. */
export const maybeCommit = commit.nullable();
/** A length of time in seconds. */
export const seconds = z.number().min(0);
/** A whole number that counts something. */
export const count = z.int().min(0);
/** The words of switch-to-configuration. */
export const operation = z.enum(['switch', 'boot', 'test']);

/** A list that its reader may not change, as the domain's types have it. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly();
