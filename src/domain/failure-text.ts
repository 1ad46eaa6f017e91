import type { Failure } from './facts.ts';

/** A failure in one line that starts with the tool's own first error line, and how many attempts are used up. */
export function failureText({ message, attempt, attempts }: Failure): string {
  return attempts === null ? message : `${message} (attempt ${attempt} of ${attempts})`;
}
