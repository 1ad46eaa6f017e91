import type { LockFinding } from './lock-lint.ts';
import { plainText } from './plain-text.ts';
import { Problem } from './problem.ts';

/** The findings as one Problem, `unlocked_input` or `impure_input` by the first, naming every input; null for none. */
export function lockProblem(findings: readonly LockFinding[]): Problem | null {
  const [first] = findings;
  if (!first) return null;
  const told = findings.slice(0, most).map(({ input, why }) => {
    return plainText(input === null ? `flake.lock ${why}` : `input ${input} of flake.lock ${why}`, 300);
  });
  const more = findings.length > most ? [`and ${findings.length - most} more`] : [];
  const code = first.kind === 'impure' ? 'impure_input' : 'unlocked_input';
  return new Problem(code, `${[...told, ...more].join(', ')}: ${advice(first)}`, { retry: 'never' });
}

const most = 5;

function advice({ input, kind }: LockFinding): string {
  if (kind === 'impure')
    return 'name a repository or a path inside this one in flake.nix, run "nix flake lock" and commit flake.lock';
  const what = input === null ? 'remove the file' : 'remove its entry';
  return `${what}, run "nix flake lock" and commit flake.lock`;
}
