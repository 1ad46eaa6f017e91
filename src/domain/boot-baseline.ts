import type { CheckSeen } from './check.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';

/**
 * What a trial after the next boot compares with: what failed on the system already, and the ports that listened. What was
 * active before a reboot says nothing of what must be after it.
 */
export function bootBaselineOf(
  { toplevel, checks }: Deployment,
  before: readonly CheckSeen[] | null,
): Facts['bootBaseline'] {
  const kept = checks.flatMap(({ name, status, durationSeconds, message }): CheckSeen[] => {
    const seen = { name, status, durationSeconds, message, definitive: false, unwell: [] };
    if (status === 'failing') return [{ ...seen, well: [] }];
    const listened = name === 'inbound' ? (before?.find((one) => one.name === name)?.well ?? []) : [];
    return listened.length > 0 && status === 'passing' ? [{ ...seen, well: listened }] : [];
  });
  return { toplevel, checks: kept };
}
