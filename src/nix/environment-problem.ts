import { Problem } from '../domain/problem.ts';
import type { NixLog } from './nix-log.ts';

const fullDisk = /no space left on device|disk quota exceeded|database or disk is full/i;
const unreachable =
  /could(n't| not) (resolve|connect)|connection (refused|reset|timed out)|connection was reset|network is unreachable|no route to host|temporary failure in name resolution|timeout was reached|operation timed out|ssl connect error|http error 5\d\d/i;
const fetching = /unable to (download|fetch|open|access)|cannot (fetch|download|open connection)/i;

/**
 * Problem `no_space` or `network` when the machine or the network is at fault rather than the commit, else null.
 * Only what Nix and its helpers say themselves counts, except that a full disk is believed of a build's own log too.
 */
export function environmentProblem(log: NixLog, buildLog: readonly string[] = []): Problem | null {
  const said = [...log.complaints(), ...log.rawLines()];
  const details = { log: log.lines() };
  const full = [...said, ...buildLog].find((line) => fullDisk.test(line));
  if (full !== undefined) {
    return new Problem(
      'no_space',
      `${full.trim()}; free space in the store's file system, the next try is made then`,
      details,
    );
  }
  const lost =
    log.complaints().find((line) => fetching.test(line) && unreachable.test(line)) ??
    log.rawLines().find((line) => unreachable.test(line));
  return lost === undefined ? null : new Problem('network', lost.trim(), details);
}
