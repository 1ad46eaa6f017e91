import { committedBase, readAsks } from '../domain/commit-asks.ts';
import type { Evaluation, OnProgress } from '../domain/evaluation.ts';
import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import type { Target } from '../domain/target.ts';
import type { Mirror } from '../git/mirror.ts';
import type { SystemDriver } from '../nix/driver.ts';
import { commitsInUse, type PlannedCommit } from './commits-in-use.ts';
import { mustBeLocked } from './must-be-locked.ts';

/** What an evaluation stands on. */
export interface EvaluateParts {
  readonly mirror: Mirror;
  readonly driver: SystemDriver;
  readonly source: { readonly subdir: string; readonly submodules: boolean };
  readonly facts: () => Facts;
  readonly planned: PlannedCommit;
  readonly onProgress: OnProgress;
  readonly log: Log;
}

/** What a commit gives for this host, and what the commits that it brings ask of its deployment. */
export async function evaluate(
  parts: EvaluateParts,
  { commit }: Pick<Target, 'commit'>,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { mirror, driver, source, onProgress, log } = parts;
  await mirror.keep(commitsInUse(parts.facts(), [commit, parts.planned.get()]), signal);
  await mustBeLocked(mirror, { commit, subdir: source.subdir }, signal);
  const url = mirror.sourceUrl(commit, source.subdir, source.submodules);
  const base = committedBase(parts.facts());
  const asks = readAsks(await mirror.trailers({ head: commit, base }, signal));
  for (const remark of asks.remarks) log.warn({ commit }, remark);
  return { ...(await driver.evaluate({ commit, source: url, onProgress }, signal)), asks };
}
