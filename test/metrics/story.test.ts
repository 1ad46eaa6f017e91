import { describe, expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../metrics/observe.ts';
import { deriveConditions } from '../../src/domain/conditions.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import {
  accepted,
  begin,
  exampleDeployment,
  exampleFacts,
  exampleJudgement,
  exampleObserved,
  exampleRemote,
  later,
  newCommit,
  newSystem,
  oldCommit,
  oldSystem,
  settledView,
  withFacts,
} from '../domain/example-view.ts';

const beginSeconds = Date.parse(begin) / 1000;

function create(at = later, from?: Metrics): Metrics {
  const metrics = createMetrics({
    remotes: ['origin', 'mirror'],
    checks: [],
    version: '0.1.0',
    now: () => Date.parse(at),
  });
  if (from) metrics.restore(JSON.parse(JSON.stringify(from.dump())) as Record<string, number>);
  return metrics;
}

async function seen(view: LoopView, metrics = create()): Promise<Map<string, number>> {
  metrics.updateFrom(view, deriveConditions(view, [], begin));
  const lines = (await metrics.scrape()).split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]));
}

function ended(id: string, outcome: Deployment['outcome'], change: Partial<Deployment> = {}): Deployment {
  return { ...exampleDeployment, id, outcome, step: null, endedAt: begin, ...change };
}

const quarantine = [
  {
    commit: newCommit,
    toplevel: newSystem,
    reason: 'HealthCheckFailed',
    since: begin,
    deployment: 'd1',
  },
];

describe('what an operator reads first', () => {
  test('the summary is one of all', async () => {
    const on = async (view: LoopView) =>
      [...(await seen(view))].filter(([name, value]) => name.startsWith('abide_status{') && value === 1);
    expect(await on(settledView)).toEqual([['abide_status{summary="InSync"}', 1]]);
    expect(await on({ ...settledView, observed: null })).toEqual([['abide_status{summary="Unknown"}', 1]]);
  });

  test('how the newest deployment ended, and none before there was one', async () => {
    const metrics = create();
    const none = 'abide_deployment_last_info{outcome="none",reason="none",commit="none"}';
    expect((await seen(settledView, metrics)).get(none)).toBe(1);
    const last = ended('d1', 'rolled_back', { reason: 'HealthCheckFailed' });
    const series = await seen(withFacts({ deployments: [last] }), metrics);
    const told = `abide_deployment_last_info{outcome="rolled_back",reason="HealthCheckFailed",commit="${newCommit}"}`;
    expect([...series.keys()].filter((name) => name.startsWith('abide_deployment_last_info'))).toEqual([
      told,
    ]);
    expect(series.get('abide_deployment_last_timestamp_seconds')).toBe(beginSeconds);
  });

  test('which gate says not now, and since when', async () => {
    const metrics = create();
    expect((await seen(settledView, metrics)).get('abide_waiting_info{gate="none"}')).toBe(1);
    const waiting = { gate: 'machine-id', reason: 'x', since: Date.parse(begin), nextCheck: null };
    const series = await seen({ ...settledView, state: 'gating', waiting }, metrics);
    expect([...series].filter(([name]) => name.startsWith('abide_waiting_'))).toEqual([
      ['abide_waiting_info{gate="machine-id"}', 1],
      ['abide_waiting_since_timestamp_seconds', beginSeconds],
    ]);
  });

  test('the floor, since when a reboot is due, and which remote lags', async () => {
    const series = await seen({
      ...withFacts({ driftSince: { boot: begin } }),
      observed: { ...exampleObserved, rebootReasons: ['kernel'] },
      judgements: [exampleJudgement('origin'), exampleJudgement('mirror', { relation: 'behind' })],
    });
    expect(series.get(`abide_floor_info{commit="${oldCommit}"}`)).toBe(1);
    expect(series.get('abide_reboot_required_since_timestamp_seconds')).toBe(beginSeconds);
    expect(series.get('abide_remote_behind{remote="mirror"}')).toBe(1);
    expect(series.get('abide_remote_behind{remote="origin"}')).toBe(0);
    expect((await seen(settledView)).get('abide_reboot_required_since_timestamp_seconds')).toBe(0);
  });
});

describe('what needs a person', () => {
  test('a failed rollback, until the next deployment', async () => {
    const metrics = create();
    const failed = withFacts({ deployments: [ended('d1', 'rollback_failed')] });
    expect((await seen(failed, metrics)).get('abide_rollback_failed')).toBe(1);
    const mended = withFacts({ deployments: [ended('d2', 'committed'), ended('d1', 'rollback_failed')] });
    expect((await seen(mended, metrics)).get('abide_rollback_failed')).toBe(0);
  });

  test('lost state', async () => {
    const held = await seen(withFacts({ hold: { reason: 'the journal is damaged', since: begin } }));
    expect(held.get('abide_hold_since_timestamp_seconds')).toBe(beginSeconds);
    expect(held.get('abide_status{summary="Unknown"}')).toBe(1);
  });

  test('a quarantine, as long as a remote still offers the commit', async () => {
    const name = 'abide_quarantine_since_timestamp_seconds{branch="main"}';
    const ofTesting = 'abide_quarantine_since_timestamp_seconds{branch="testing"}';
    const wanted = { ...settledView.desired!, commit: newCommit };
    expect((await seen(withFacts({ quarantine }, { desired: wanted }))).get(name)).toBe(beginSeconds);
    const testing = exampleJudgement('origin', { role: 'testing', candidate: newCommit });
    const offered = { judgements: [exampleJudgement('origin'), testing] };
    const tested = await seen(withFacts({ quarantine }, offered));
    expect([tested.get(name), tested.get(ofTesting)]).toEqual([0, beginSeconds]);
    const replaced = await seen(withFacts({ quarantine }));
    expect(replaced.get(name)).toBe(0);
    expect(replaced.get('abide_quarantined_commits')).toBe(1);
  });

  test('refused heads by reason, and none once the head is another', async () => {
    const metrics = create();
    const verdict = { ...accepted, status: 'rejected' as const, reason: 'bad_signature' as const };
    const refused = ['origin', 'mirror'].map((name) => exampleJudgement(name, { verdict }));
    const series = await seen({ ...settledView, judgements: refused }, metrics);
    expect(series.get('abide_trust_refused_heads{reason="bad_signature"}')).toBe(2);
    expect(series.get('abide_trust_refused_heads{reason="unsigned"}')).toBe(0);
    const after = await seen(settledView, metrics);
    expect(after.get('abide_trust_refused_heads{reason="bad_signature"}')).toBe(0);
  });

  test('a dead-man that fired, by its time, also after a restart', async () => {
    const before = create();
    before.rollback('deadman');
    const series = await seen(settledView, create(later, before));
    const at = (reason: string) => series.get(`abide_rollback_last_timestamp_seconds{reason="${reason}"}`);
    expect([at('deadman'), at('health')]).toEqual([Date.parse(later) / 1000, 0]);
  });
});

describe('testing for long', () => {
  const testing = (commit: string): LoopView => ({
    ...settledView,
    desired: { ...settledView.desired!, commit, role: 'testing', branch: 'testing-web1' },
  });
  const name = 'abide_testing_since_timestamp_seconds';

  test('begins with the first commit of the branch and not anew with each, nor with a restart', async () => {
    const first = create(begin);
    expect((await seen(testing(oldCommit), first)).get(name)).toBe(beginSeconds);
    const second = create(later, first);
    expect((await seen({ ...settledView, desired: null }, second)).get(name)).toBe(beginSeconds);
    expect((await seen(testing(newCommit), second)).get(name)).toBe(beginSeconds);
  });

  test('ends with main', async () => {
    const metrics = create();
    await seen(testing(oldCommit), metrics);
    expect((await seen(settledView, metrics)).get(name)).toBe(0);
    expect((await seen(settledView, create(later, metrics))).get(name)).toBe(0);
  });
});

describe('deployments that ended', () => {
  const count = (series: Map<string, number>, outcome: string) =>
    series.get(`abide_deployments_total{outcome="${outcome}"}`);

  test('are each counted once, also across restarts and in between', async () => {
    const first = create();
    await seen(settledView, first);
    const one = [ended('d1', 'committed')];
    await seen(withFacts({ deployments: one }), first);
    await seen(withFacts({ deployments: one }), first);
    const two = [ended('d3', 'rolled_back'), ended('d2', 'committed'), ...one];
    const series = await seen(withFacts({ deployments: two }), create(later, first));
    expect([count(series, 'committed'), count(series, 'rolled_back')]).toEqual([2, 1]);
  });

  test('under an abide that did not count are history and no news', async () => {
    const metrics = create();
    const before = [ended('d1', 'committed')];
    expect(count(await seen(withFacts({ deployments: before }), metrics), 'committed')).toBe(0);
    const after = [ended('d2', 'committed'), ...before];
    expect(count(await seen(withFacts({ deployments: after }), metrics), 'committed')).toBe(1);
  });
});

test('every remote may be unknown: nothing is told of it', async () => {
  const series = await seen({
    ...settledView,
    facts: { ...exampleFacts, floor: null },
    remotes: [exampleRemote('origin', null)],
    judgements: [],
  });
  expect([...series.keys()].filter((name) => name.startsWith('abide_floor_info'))).toEqual([]);
  expect(series.get('abide_remote_behind{remote="origin"}')).toBe(0);
});

test('a booted system is proven or not, and one that cannot be read is not', async () => {
  const proven = { bootProven: [{ toplevel: oldSystem, since: begin }] };
  const told = async (view: LoopView) => (await seen(view)).get('abide_boot_proven');
  expect(await told(withFacts(proven))).toBe(1);
  expect(await told(settledView)).toBe(0);
  expect(await told({ ...withFacts(proven), observed: { ...exampleObserved, booted: null } })).toBe(0);
});
