import { succeeded } from '../process.ts';
import { evaluateArgs } from './evaluate-args.ts';
import { runNix, type NixDeps } from './nix-child.ts';
import { nixString } from './nix-string.ts';

/** Which flake to look at, within the limits of its evaluation. */
export interface UnlockedQuery {
  readonly source: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number | null;
  readonly options: Readonly<Record<string, string>>;
}

const longestLookMs = 30_000;

/**
 * Names of the flake's inputs that its lock file does not hold; empty when all are there or nobody can say. Asked only
 * after a failure: Nix words this differently in every version, while the two files have stayed the same.
 */
export async function unlockedInputs(
  deps: NixDeps,
  query: UnlockedQuery,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = [...evaluateArgs(query.options), '--expr', expression(query.source)];
  const timeoutMs = Math.min(query.timeoutMs, longestLookMs);
  const silent = { phase: 'evaluate', onProgress: () => undefined } as const;
  const command = { file: 'nix', memoryBytes: query.memoryBytes, args, timeoutMs, ...silent } as const;
  const { finished } = await runNix(deps, command, signal);
  if (!succeeded(finished)) return [];
  const names: unknown = JSON.parse(finished.stdout.toString());
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

function expression(source: string): string {
  const url = new URL(source);
  const dir = url.searchParams.get('dir') ?? '.';
  url.searchParams.delete('dir');
  return `let
    at = name: builtins.fetchTree ${nixString(url.href)} + ${nixString(`/${dir}/`)} + name;
    flake = import (at "flake.nix");
    lock = if builtins.pathExists (at "flake.lock") then builtins.fromJSON (builtins.readFile (at "flake.lock")) else null;
    locked = if lock == null then { } else lock.nodes.\${lock.root}.inputs or { };
    wanted = removeAttrs ((flake.inputs or { }) // builtins.functionArgs flake.outputs) [ "self" ];
  in builtins.attrNames (removeAttrs wanted (builtins.attrNames locked))`;
}
