import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { families } from '../../metrics/catalogue.ts';
import { createMetrics } from '../../metrics/observe.ts';
import { closedSeries } from '../../metrics/registry.ts';
import { deriveConditions } from '../../src/domain/conditions.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import {
  accepted,
  begin,
  exampleDeployment,
  exampleFacts,
  exampleFailure,
  exampleJudgement,
  exampleObserved,
  exampleRemote,
  foreignSystem,
  later,
  newCommit,
  oldCommit,
  seenWith,
  settledView,
  towardsNew,
  withFacts,
} from '../domain/example-view.ts';

const now = Date.parse(later);
const remotes = ['origin', 'mirror'];
const checks = ['units', 'web'];

function create(names = remotes, at = now) {
  return createMetrics({ remotes: names, checks, version: '0.1.0', now: () => at });
}

/** All series of a scrape by their text. */
async function read(metrics: ReturnType<typeof create>): Promise<Map<string, number>> {
  const lines = (await metrics.scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

async function seen(view: LoopView, metrics = create()): Promise<Map<string, number>> {
  metrics.updateFrom(view, deriveConditions(view, [], begin));
  return read(metrics);
}

describe('before anything happened', () => {
  test('every series with closed labels is there, at 0', async () => {
    const series = await read(create());
    for (const family of families) {
      if (family.type === 'histogram' || family.name.startsWith('process_')) continue;
      for (const labels of closedSeries(family, { remotes, checks })) {
        const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
        const key = pairs.length > 0 ? `${family.name}{${pairs.join(',')}}` : family.name;
        expect(series.get(key), key).toBe(0);
      }
    }
    expect(series.get('abide_phase_duration_seconds_count{phase="build"}')).toBe(0);
  });

  test('no commit is told', async () => {
    const told = [...(await read(create())).keys()].filter((key) => key.includes('commit="'));
    expect(told).toEqual([]);
  });
});

describe('the gauges of a view', () => {
  test('tell desired and the commit of each slot, by role and not by branch name', async () => {
    const view = { ...settledView, desired: { ...settledView.desired!, branch: 'trunk' } };
    const series = await seen(view);
    expect(series.get(`abide_desired_info{commit="${oldCommit}",remote="origin",branch="main"}`)).toBe(1);
    for (const slot of ['current', 'booted', 'profile', 'boot_default']) {
      expect(series.get(`abide_system_info{slot="${slot}",commit="${oldCommit}"}`)).toBe(1);
    }
  });

  test('say unknown for a foreign system and for what cannot be read', async () => {
    const series = await seen(seenWith({ current: foreignSystem, bootDefault: null }));
    expect(series.get('abide_system_info{slot="current",commit="unknown"}')).toBe(1);
    expect(series.get('abide_system_info{slot="boot_default",commit="unknown"}')).toBe(1);
  });

  test('never tell of two desired commits', async () => {
    const metrics = create();
    await seen(settledView, metrics);
    const series = await seen(towardsNew(), metrics);
    expect([...series.keys()].filter((key) => key.startsWith('abide_desired_info'))).toEqual([
      `abide_desired_info{commit="${newCommit}",remote="origin",branch="main"}`,
    ]);
    expect([...series.keys()].filter((key) => key.startsWith('abide_system_info'))).toHaveLength(4);
  });

  test('show exactly one state and one status of each condition', async () => {
    const series = await seen(towardsNew({ state: 'building' }));
    const on = (prefix: string) =>
      [...series].filter(([key, value]) => key.startsWith(prefix) && value === 1);
    expect(on('abide_state{')).toEqual([['abide_state{state="building"}', 1]]);
    expect(on('abide_condition{')).toHaveLength(10);
    expect(series.get('abide_condition{condition="Ready",status="false"}')).toBe(1);
    expect(series.get('abide_condition_transition_timestamp_seconds{condition="Ready"}')).toBe(
      Date.parse(begin) / 1000,
    );
  });

  test('show drift with its begin, and 0 once it is gone', async () => {
    const metrics = create();
    const drifted = {
      ...seenWith({ bootDefault: foreignSystem, rebootReasons: ['kernel'] }),
      facts: { ...exampleFacts, driftSince: { bootloader: begin } },
    };
    const during = await seen(drifted, metrics);
    expect(during.get('abide_drift{kind="bootloader"}')).toBe(1);
    expect(during.get('abide_drift_since_timestamp_seconds{kind="bootloader"}')).toBe(
      Date.parse(begin) / 1000,
    );
    expect(during.get('abide_reboot_required{reason="kernel"}')).toBe(1);
    const after = await seen(settledView, metrics);
    expect(after.get('abide_drift{kind="bootloader"}')).toBe(0);
    expect(after.get('abide_drift_since_timestamp_seconds{kind="bootloader"}')).toBe(0);
    expect(after.get('abide_reboot_required{reason="kernel"}')).toBe(0);
  });

  test('have no series for drift that cannot be told on this host', async () => {
    const metrics = create();
    await seen(settledView, metrics);
    const container = await seen(seenWith({ bootDefault: null, rebootReasons: null, units: null }), metrics);
    const kinds = [...container.keys()].filter((key) => key.startsWith('abide_drift{'));
    expect(kinds).toEqual(
      ['commit', 'runtime', 'profile', 'manual'].map((kind) => `abide_drift{kind="${kind}"}`),
    );
  });

  test('show suspension, quarantine and failures in a row', async () => {
    const series = await seen(
      withFacts({
        suspended: { reason: 'x', by: null, since: begin, until: later },
        failure: exampleFailure,
        quarantine: [{ commit: newCommit, toplevel: null, reason: 'x', since: begin, deployment: null }],
      }),
    );
    expect(series.get('abide_suspended')).toBe(1);
    expect(series.get('abide_suspend_expiry_timestamp_seconds')).toBe(now / 1000);
    expect(series.get('abide_quarantined_commits')).toBe(1);
    expect(series.get('abide_consecutive_failures')).toBe(2);
  });

  test('show each remote by what it did last', async () => {
    const refused = { ...accepted, status: 'rejected' as const, reason: 'rewritten' as const };
    const view = {
      ...settledView,
      remotes: [exampleRemote('origin'), exampleRemote('mirror', false)],
      judgements: [
        exampleJudgement('origin'),
        exampleJudgement('mirror', { relation: 'rewritten', verdict: refused }),
      ],
    };
    const series = await seen(view);
    const of = (name: string) =>
      remotes.map((remote) => series.get(`abide_remote_${name}{remote="${remote}"}`));
    expect(of('up')).toEqual([1, 0]);
    expect(of('selected')).toEqual([1, 0]);
    expect(of('head_trusted')).toEqual([1, 0]);
    expect(of('diverged')).toEqual([0, 1]);
    expect(of('last_success_timestamp_seconds')).toEqual([Date.parse(begin) / 1000, 0]);
  });

  test('count a look that finds the host in sync as a success, and a look at trouble not', async () => {
    const observed = { ...exampleObserved, at: now };
    const calm = await seen({ ...settledView, observed });
    expect(calm.get('abide_reconcile_last_success_timestamp_seconds')).toBe(now / 1000);
    const failing = await seen(towardsNew({ state: 'backoff', observed }, { failure: exampleFailure }));
    expect(failing.get('abide_reconcile_last_success_timestamp_seconds')).toBe(0);
    expect(failing.get('abide_reconcile_last_attempt_timestamp_seconds')).toBe(now / 1000);
  });

  test('take the last rebuild from committed deployments alone', async () => {
    const ended = (outcome: 'committed' | 'rolled_back', endedAt: string) => ({
      ...exampleDeployment,
      outcome,
      endedAt,
    });
    const series = await seen(
      withFacts({ deployments: [ended('rolled_back', later), ended('committed', begin)] }),
    );
    expect(series.get('abide_rebuild_last_success_timestamp_seconds')).toBe(Date.parse(begin) / 1000);
  });
});

describe('what is counted', () => {
  test('goes up by one and stamps the time', async () => {
    const metrics = create();
    metrics.reconcileEnded('success');
    metrics.reconcileEnded('failure');
    metrics.phaseEnded('build', 12, false);
    metrics.phaseEnded('evaluate', 3, true);
    metrics.phaseFailed('commit');
    metrics.rollback('health');
    metrics.fetch('origin', 'unchanged');
    const series = await read(metrics);
    expect(series.get('abide_reconciles_total{result="success"}')).toBe(1);
    expect(series.get('abide_reconcile_last_failure_timestamp_seconds')).toBe(now / 1000);
    expect(series.get('abide_reconcile_failures_total{phase="build"}')).toBe(1);
    expect(series.get('abide_reconcile_failures_total{phase="evaluate"}')).toBe(0);
    expect(series.get('abide_reconcile_failures_total{phase="commit"}')).toBe(1);
    expect(series.get('abide_phase_duration_seconds_bucket{le="30",phase="build"}')).toBe(1);
    expect(series.get('abide_phase_last_duration_seconds{phase="evaluate"}')).toBe(3);
    expect(series.get('abide_rollbacks_total{reason="health"}')).toBe(1);
    expect(series.get('abide_remote_fetches_total{remote="origin",result="unchanged"}')).toBe(1);
  });

  test('is one rejection for each remote and commit', async () => {
    const metrics = create();
    metrics.rejection('unsigned', 'origin', newCommit);
    metrics.rejection('unsigned', 'origin', newCommit);
    metrics.rejection('unsigned', 'mirror', newCommit);
    expect((await read(metrics)).get('abide_trust_rejections_total{reason="unsigned"}')).toBe(2);
  });

  test('leaves out what is in no closed set', async () => {
    const metrics = create();
    metrics.phaseEnded('tea', 1, false);
    metrics.fetch('stranger', 'failure');
    const text = await metrics.scrape();
    expect(text).not.toContain('tea');
    expect(text).not.toContain('stranger');
  });
});

describe('across a restart', () => {
  function restarted(from: ReturnType<typeof create>, names = remotes, at = now) {
    const metrics = create(names, at);
    metrics.restore(JSON.parse(JSON.stringify(from.dump())) as Record<string, number>);
    return metrics;
  }

  test('counters go on, times stay, and a refused commit is not counted again', async () => {
    const before = create();
    before.reconcileEnded('success');
    before.fetch('origin', 'changed');
    before.rejection('unsigned', 'origin', newCommit);
    before.updateFrom(settledView, []);
    const after = restarted(before);
    after.rejection('unsigned', 'origin', newCommit);
    after.reconcileEnded('success');
    const series = await read(after);
    expect(series.get('abide_reconciles_total{result="success"}')).toBe(2);
    expect(series.get('abide_remote_fetches_total{remote="origin",result="changed"}')).toBe(0);
    expect(series.get('abide_trust_rejections_total{reason="unsigned"}')).toBe(1);
    expect(series.get('abide_remote_last_success_timestamp_seconds{remote="origin"}')).toBe(
      Date.parse(begin) / 1000,
    );
  });

  test('a second restart loses nothing', async () => {
    const first = create();
    first.rollback('manual');
    const series = await read(restarted(restarted(first)));
    expect(series.get('abide_rollbacks_total{reason="manual"}')).toBe(1);
  });

  test('a remote that has not answered yet keeps the time of its last answer', async () => {
    const before = create();
    before.updateFrom(settledView, []);
    const after = restarted(before);
    const series = await seen({ ...settledView, remotes: [exampleRemote('origin', null)] }, after);
    expect(series.get('abide_remote_last_success_timestamp_seconds{remote="origin"}')).toBe(
      Date.parse(begin) / 1000,
    );
  });

  test('a remote that has not answered yet is as it was before', async () => {
    const before = create();
    before.updateFrom({ ...settledView, remotes: [exampleRemote('origin', true)] }, []);
    const asked = (up: boolean | null) =>
      seen({ ...settledView, remotes: [exampleRemote('origin', up)] }, restarted(before));
    const upOf = async (up: boolean | null) => (await asked(up)).get('abide_remote_up{remote="origin"}');
    expect(await upOf(null)).toBe(1);
    expect(await upOf(false)).toBe(0);
    before.updateFrom({ ...settledView, remotes: [exampleRemote('origin', false)] }, []);
    expect(await upOf(null)).toBe(0);
    expect(await upOf(true)).toBe(1);
  });

  test('values of another version, of removed remotes and damaged ones are dropped', async () => {
    const values = {
      'abide_remote_last_success_timestamp_seconds{remote="mirror"}': 3,
      'abide_remote_fetches_total{remote="origin",result="changed"}': 3,
      'abide_tea_total{kind="green"}': 3,
      'abide_rollbacks_total{reason="boot"}': -1,
      'abide_rollbacks_total{reason="health"}': Number.NaN,
      'abide_reconcile_failures_total{phase="tea"}': 2,
    };
    const after = create(['origin']);
    after.restore(values);
    const text = await after.scrape();
    expect(text).not.toContain('tea');
    expect(text).not.toContain('mirror');
    expect(text).toContain('abide_remote_fetches_total{remote="origin",result="changed"} 0');
    expect(text).toContain('abide_rollbacks_total{reason="boot"} 0');
    expect(text).toContain('abide_rollbacks_total{reason="health"} 0');
  });

  test('a time from a clock that was ahead gives way to the right one', async () => {
    const ahead = create(remotes, now + 1e9);
    ahead.reconcileEnded('success');
    const after = restarted(ahead, remotes, now);
    after.reconcileEnded('success');
    expect((await read(after)).get('abide_reconcile_last_success_timestamp_seconds')).toBe(now / 1000);
  });
});

test('a scrape with three remotes satisfies promtool and stays small', async () => {
  const names = ['origin', 'mirror', 'local'];
  const metrics = create(names);
  const view = {
    ...seenWith({ rebootReasons: ['kernel'] }),
    remotes: names.map((name) => exampleRemote(name)),
  };
  metrics.reconcileEnded('success');
  metrics.phaseEnded('build', 12, true);
  const series = await seen(view, metrics);
  const text = await metrics.scrape();
  const findings = execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(findings).toBe('');
  console.log(`${series.size} series, ${Buffer.byteLength(text)} bytes with ${names.length} remotes`);
  expect(series.size).toBeLessThan(450);
  expect(Buffer.byteLength(text)).toBeLessThan(36_000);
});
