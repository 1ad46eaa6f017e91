import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { exitCodes } from './exit.ts';
import { jsonText } from './plain-data.ts';
import { abideVersion } from '../domain/abide-version.ts';
import type { Terminal } from './terminal.ts';
import { plainText } from '../domain/plain-text.ts';

const longestMs = 5000;

/** `abide version`: of abide and of what it stands on; a tool that is not there is said, and no error. */
export async function version({ json, out }: Terminal): Promise<number> {
  const [git, nix] = await Promise.all([versionOf('git'), versionOf('nix')]);
  const versions = { abide: abideVersion, node: process.versions.node, git, nix };
  // What another abide asks before it makes room for this one.
  const program = await realpath(process.argv[1] ?? '').catch(() => null);
  if (json) out(jsonText({ ...versions, program }));
  else
    for (const [name, found] of Object.entries(versions))
      out(`${name.padEnd(6)} ${found ?? 'not found on PATH'}`);
  return exitCodes.done;
}

function versionOf(tool: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(tool, ['--version'], { timeout: longestMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      const found = /(\d+\.\d+\S*)\s*$/m.exec(plainText(stdout.split('\n')[0] ?? ''))?.[1];
      resolve(error ? null : (found ?? null));
    });
  });
}
