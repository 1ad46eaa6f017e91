import { Problem } from '../domain/problem.ts';
import type { NixLog } from './nix-log.ts';

// SQLite words a full disk as an I/O error when it is its shared memory file that does not fit.
const fullDisk = /no space left on device|disk quota exceeded|database or disk is full|: disk I\/O error/i;
const unreachable =
  /could(n't| not) (resolve|connect)|connection (refused|reset|timed out)|connection was reset|network is unreachable|no route to host|temporary failure in name resolution|timeout was reached|operation timed out|ssl connect error|http error 5\d\d/i;
const fetching = /unable to (download|fetch|open|access)|cannot (fetch|download|open connection)/i;

/** Problem `no_space` when Nix, a helper of it or a build says that the disk is full, else null. */
export function noSpaceProblem(log: NixLog, buildLog: readonly string[] = []): Problem | null {
  const full = [...log.errors(), ...log.rawLines(), ...buildLog].find((line) => fullDisk.test(line));
  if (full === undefined) return null;
  const message = `${full.trim()}; free space on the disk of the Nix store, it is tried again by itself`;
  return new Problem('no_space', message, { log: log.lines() });
}

/**
 * Problem `network` when a server did not answer, else null. Only errors count, and what git and ssh say: a cache that
 * is down is a warning of a build that goes on without it.
 */
export function networkProblem(log: NixLog, warningsToo = false): Problem | null {
  const said = [...log.errors(), ...(warningsToo ? log.warnings() : [])];
  const lost =
    said.find((line) => fetching.test(line) && unreachable.test(line)) ??
    log.rawLines().find((line) => unreachable.test(line));
  return lost === undefined ? null : new Problem('network', lost.trim(), { log: log.lines() });
}
