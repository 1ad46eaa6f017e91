import type { ConfigIssue } from './config-error.ts';
import type { KeyPath } from './key-path.ts';
import { showValue } from './show-value.ts';

/** An issue about a value, shown as far as it may be; undefined leaves it out. */
export function issueAt(path: KeyPath, value: unknown, message: string): ConfigIssue {
  return { path, found: value === undefined ? null : showValue(value, path), message };
}
