import { isWorse, resultsOf, type CheckSeen } from './check.ts';
import type { CheckResult, Deployment } from './deployment.ts';
import type { Observed } from './observed.ts';
import type { Round } from './probation.ts';

/** One look at a system on probation: the links, and every check once. */
export interface Probe {
  readonly observed: Observed;
  readonly checks: readonly CheckSeen[];
}

/** A look that is to be taken. */
export interface ProbeOrder {
  readonly deployment: Deployment;
  readonly before: readonly CheckSeen[] | null;
  /** What is left of the time, in milliseconds. */
  readonly withinMs: number;
}

/** What a look means for the deployment; `now` is the time of its end by the boot's clock, in milliseconds. */
export function judgeProbe(
  { observed, checks }: Probe,
  from: {
    readonly deployment: Pick<Deployment, 'toplevel'>;
    readonly before: readonly CheckSeen[] | null;
    readonly now: number;
  },
): { readonly round: Round; readonly results: readonly CheckResult[] } {
  const results = resultsOf(checks, from.before);
  const worse = new Set(results.filter(isWorse).map(({ name }) => name));
  const standing = (): Round['standing'] => {
    if (observed.current !== from.deployment.toplevel) return 'lost';
    if (checks.some(({ name, definitive }) => definitive && worse.has(name))) return 'broken';
    return worse.size > 0 ? 'failing' : 'holding';
  };
  return { round: { endedAt: from.now, standing: standing() }, results };
}

/** The results as they were when nothing but their durations differs, so that the journal is written for news only. */
export function sameButTimes(
  before: readonly CheckResult[],
  after: readonly CheckResult[],
): readonly CheckResult[] {
  const facts = (checks: readonly CheckResult[]) =>
    JSON.stringify(checks.map((check) => ({ ...check, durationSeconds: 0 })));
  return facts(before) === facts(after) ? before : after;
}
