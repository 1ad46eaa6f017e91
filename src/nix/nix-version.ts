import { plainText } from '../domain/plain-text.ts';
import type { Run } from '../process.ts';

/** Version for people: `2.8.0`, `2.94.0 (Lix, like Nix)`; nothing decides by it. Throws Problem `tool_missing`. */
export async function nixVersion(run: Run, environment: Readonly<Record<string, string>>): Promise<string> {
  const finished = await run({ file: 'nix', args: ['--version'], env: environment, timeoutMs: 10_000 });
  const line = plainText(finished.stdout.toString());
  const [, kind, version] = /^nix \(([^)]+)\) (\S+)$/.exec(line) ?? [];
  if (version === undefined) return line === '' ? 'unknown' : line;
  return kind === 'Nix' ? version : `${version} (${kind})`;
}
