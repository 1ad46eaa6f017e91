import { expect } from 'vitest';

/** Fails with the whole list of violations, one a line as `file:line: what`; vitest alone would cut it short. */
export function expectNone(violations: readonly string[]): void {
  expect(violations, `\n${violations.join('\n')}\n`).toEqual([]);
}
