import { posix } from 'node:path';
import * as z from 'zod';
import { durationPattern, formatDuration, longestDurationMs, parseDuration } from './duration.ts';
import { parseSize, sizePattern } from './size.ts';
import { isAbsolutePath, isControlFree } from './text-rule.ts';

/** A duration in milliseconds after parsing; shorter than `leastMs` or longer than a timer can wait is refused. */
export function duration(leastMs = 0) {
  const least = leastMs > 0 ? `of at least ${formatDuration(leastMs)} ` : '';
  const error = `a duration ${least}and at most ${formatDuration(longestDurationMs)}, like 500ms, 30s, 5m, 2h or 7d`;
  return z
    .string({ error })
    .regex(durationPattern, { error })
    .transform((text) => parseDuration(text) ?? 0)
    .pipe(z.number().min(leastMs, { error }).max(longestDurationMs, { error }));
}

/** An amount of memory, in bytes after parsing. */
export function size() {
  const error = 'an amount of memory like 512MiB or 4GiB';
  return z
    .string({ error })
    .regex(sizePattern, { error })
    .transform((text) => parseSize(text) ?? 0);
}

/** An absolute path, without a slash at its end after parsing. */
export function absolutePath() {
  const error = 'an absolute path without ".."';
  return z
    .string({ error })
    .regex(/^\//, { error })
    .refine(isAbsolutePath, { error })
    .transform((path) => posix.normalize(path).replace(/(.)\/$/, '$1'));
}

/** A text held to a rule; `error` says what is allowed. */
export function text(rule: (value: string) => boolean, error: string) {
  return z.string({ error }).refine(rule, { error });
}

/** A text held to a pattern, which the JSON Schema repeats. */
export function pattern(regex: RegExp, error: string) {
  return z.string({ error }).regex(regex, { error });
}

/** One of a closed set of words. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(', ')}` });
}

/** true or false, and nothing that only looks like it. */
export function flag() {
  return z.boolean({ error: 'true or false' });
}

/** A whole number within bounds, both included. */
export function whole(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

/** A program and its arguments; no shell reads it. */
export function argv() {
  const error = 'a list of a program and its arguments, like [/run/current-system/sw/bin/true]';
  return z
    .array(
      text((part) => !part.includes('\u0000'), error),
      { error },
    )
    .min(1, { error });
}

/** A short text for people, of one line. */
export function line(error: string) {
  return text((value) => value.length > 0 && value.length <= 200 && isControlFree(value), error);
}
