import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { families } from '../../metrics/catalogue.ts';
import { metricsReference } from '../../metrics/reference.ts';

/** What dashboards and alerts may rely on, with the labels. */
const promised: Readonly<Record<string, readonly string[]>> = {
  abide_build_info: ['version'],
  abide_desired_info: ['commit', 'remote', 'branch'],
  abide_system_info: ['slot', 'commit'],
  abide_drift: ['kind'],
  abide_drift_since_timestamp_seconds: ['kind'],
  abide_rebuild_last_success_timestamp_seconds: [],
  abide_reconcile_last_attempt_timestamp_seconds: [],
  abide_reconcile_last_success_timestamp_seconds: [],
  abide_reconcile_last_failure_timestamp_seconds: [],
  abide_reconciles_total: ['result'],
  abide_reconcile_failures_total: ['phase'],
  abide_phase_duration_seconds: ['phase'],
  abide_consecutive_failures: [],
  abide_remote_up: ['remote'],
  abide_remote_last_success_timestamp_seconds: ['remote'],
  abide_trust_rejections_total: ['reason'],
  abide_rollbacks_total: ['reason'],
  abide_quarantined_commits: [],
  abide_suspended: [],
  abide_reboot_required: ['reason'],
  abide_condition: ['condition', 'status'],
};

describe('the catalogue', () => {
  test.each(Object.entries(promised))('has %s with the labels %j', (name, labels) => {
    const family = families.find((one) => one.name === name);
    expect(family && Object.keys(family.labels)).toEqual(labels);
  });

  test('names commits on info gauges alone, where no series lives on', () => {
    const open = families.filter(({ labels }) => Object.values(labels).includes('open'));
    expect(open.filter(({ name, type }) => !name.endsWith('_info') || type !== 'gauge')).toEqual([]);
    expect(families.filter(({ labels, name }) => 'commit' in labels && !name.endsWith('_info'))).toEqual([]);
  });

  test('uses no label name that Prometheus gives to targets', () => {
    const taken = new Set(['job', 'instance', 'host', 'env', 'type', 'service']);
    expect(families.flatMap(({ labels }) => Object.keys(labels)).filter((label) => taken.has(label))).toEqual(
      [],
    );
  });

  test('says of every metric in a sentence what it means', () => {
    expect(families.filter(({ help }) => !/^[A-Z01].{8,}\.$/.test(help)).map(({ name }) => name)).toEqual([]);
  });
});

test('docs/metrics.md is what the catalogue says', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page, 'run npm run generate').toBe(metricsReference());
});
