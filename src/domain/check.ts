import type { CheckResult } from './deployment.ts';

/** What one look at one health check found; the journal keeps those from before an activation. */
export interface CheckSeen extends Omit<CheckResult, 'baseline'> {
  /** True when waiting will not mend it, such as a unit that gave up. */
  readonly definitive: boolean;
  /** Parts that were well: units that were active, remotes that answered, ports that listened. */
  readonly well: readonly string[];
  /** Parts that were not. */
  readonly unwell: readonly string[];
}

/** The check of a new abide by itself, see `mustHandOver`. */
export const abideCheck = 'abide';

/** The check that exonerates a commit when it fails after the rollback too. */
export const connectivityCheck = 'connectivity';

/** Checks that are abide's own; no configured check may have their names. */
export const ownChecks = ['units', connectivityCheck, 'inbound', abideCheck] as const;

/** What was seen, each with its result before the activation; null where nothing was looked at before. */
export function resultsOf(
  seen: readonly CheckSeen[],
  before: readonly CheckSeen[] | null,
): readonly CheckResult[] {
  return seen.map(({ name, status, durationSeconds, message }) => {
    const baseline = before?.find((other) => other.name === name)?.status ?? null;
    return { name, status, baseline, durationSeconds, message };
  });
}

/** The checks of a deployment before any of them was looked at on the new system. */
export function unchecked(before: readonly CheckSeen[]): readonly CheckResult[] {
  return before.map(({ name, status, message }) => ({
    name,
    status: 'unknown',
    baseline: status,
    durationSeconds: 0,
    message: status === 'passing' ? null : message,
  }));
}

/** True when the check keeps the new system from being committed: it got worse, or can no longer be told to be well. */
export function isWorse({ status, baseline }: CheckResult): boolean {
  return status === 'failing' ? baseline !== 'failing' : status === 'unknown' && baseline === 'passing';
}

/** Checks with what they said, in one line. */
export function tellChecks(checks: readonly CheckResult[]): string {
  return checks.map(({ name, message }) => (message ? `${name}: ${message}` : name)).join('; ');
}

/**
 * True when the network is to blame and not the commit: it was lost with the new system and is still lost after the way
 * back, and nothing else that got worse became well again by going back.
 */
export function isExonerated(checks: readonly CheckResult[], after: readonly CheckSeen[]): boolean {
  const worse = checks.filter(isWorse);
  const mended = new Set(after.filter(({ status }) => status === 'passing').map(({ name }) => name));
  return (
    worse.some(({ name }) => name === connectivityCheck) &&
    worse.every(({ name }) => !mended.has(name)) &&
    after.some(({ name, status }) => name === connectivityCheck && status === 'failing')
  );
}
