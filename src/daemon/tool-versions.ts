import { abideVersion } from '../domain/abide-version.ts';
import { plainText } from '../domain/plain-text.ts';
import type { Run } from '../process.ts';

const longestMs = 5000;

/** Versions of what decides about trust; null for a tool that is not there or does not say. Never throws. */
export async function toolVersions(run: Run, path: string): Promise<Readonly<Record<string, string | null>>> {
  const versionOf = async (file: string, args: readonly string[]) => {
    try {
      const env = { PATH: path, HOME: '/var/empty', LC_ALL: 'C' };
      const { stdout, stderr } = await run({ file, args, env, timeoutMs: longestMs });
      const said = plainText(stdout.toString().split('\n')[0] || (stderr.split('\n')[0] ?? ''));
      return /(\d+\.\d+[\w.]*)/.exec(said)?.[1] ?? null;
    } catch {
      return null;
    }
  };
  const [git, gpg, ssh] = await Promise.all([
    versionOf('git', ['--version']),
    versionOf('gpg', ['--version']),
    versionOf('ssh', ['-V']),
  ]);
  return { abide: abideVersion, git, gpg, ssh };
}
