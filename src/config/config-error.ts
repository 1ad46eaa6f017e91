import { plainText } from '../domain/plain-text.ts';
import { formatPath } from './key-path.ts';
import type { KeyPath } from './key-path.ts';

/** One thing that is wrong with a config file. */
export interface ConfigIssue {
  readonly path: KeyPath;
  /** The value as it may be shown; null when it is missing, or when the key alone says enough. */
  readonly found: string | null;
  /** What is wrong and what is allowed, without the path and the value. */
  readonly message: string;
}

/** A config file abide cannot start with; carries every issue at once and never a secret. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly issues: readonly ConfigIssue[];

  constructor(file: string, issues: readonly ConfigIssue[]) {
    super(formatIssues(file, issues));
    this.file = file;
    this.issues = issues;
  }
}

function formatIssues(file: string, issues: readonly ConfigIssue[]): string {
  const [only] = issues;
  if (issues.length === 1 && only?.path.length === 0 && only.found === null) {
    return plainText(`${file}: ${only.message}`);
  }
  const count = issues.length === 1 ? '1 problem' : `${issues.length} problems`;
  return [`${plainText(file)}: ${count}`, ...issues.map((issue) => `  ${formatIssue(issue)}`)].join('\n');
}

function formatIssue({ path, found, message }: ConfigIssue): string {
  return plainText(`${formatPath(path)}: ${found === null ? '' : `found ${found}; `}${message}`);
}
