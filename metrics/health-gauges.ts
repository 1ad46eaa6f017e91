import type { LoopView } from '../src/domain/loop-view.ts';
import type { MetricRegistry } from './registry.ts';

/**
 * Sets the gauges of health checks from the newest deployment, whose own configuration may name others than the running one;
 * a check not looked at yet is as it was before.
 */
export function setHealthGauges({ set }: MetricRegistry, { facts }: LoopView): void {
  const results = (facts.deployment ?? facts.deployments[0])?.checks ?? [];
  for (const { name: check, status, baseline, durationSeconds } of results) {
    const known = status === 'unknown' ? baseline : status;
    set('abide_health_check_up', known === 'passing' ? 1 : 0, { check });
    set('abide_health_check_last_duration_seconds', durationSeconds, { check });
  }
}
