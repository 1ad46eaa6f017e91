import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../metrics/catalogue.ts';
import { fleetDashboard } from '../../metrics/dashboards/fleet-dashboard.ts';
import { hostDashboard } from '../../metrics/dashboards/host-dashboard.ts';
import { expressionsOf } from '../../metrics/dashboards/panel.ts';
import { defaultRuleOptions } from '../../metrics/rules/default-rules.ts';
import { renderRules } from '../../metrics/rules/rule-file.ts';
import { freePort, startMonitoring, type Monitoring } from '../harness/monitoring.ts';
import { plainExpression } from '../metrics/dashboards/plain-expression.ts';
import { createLab, type Lab } from './alpha-lab.ts';

/** The shipped rules with seconds where they have minutes. */
const impatient = renderRules({
  ...defaultRuleOptions,
  every: 1,
  thresholds: { ...defaultRuleOptions.thresholds, settle: 1, keep: 10, failures: 1 },
});

let lab: Lab;
let monitoring: Monitoring;
let begun: number;

beforeAll(async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  lab = await createLab({ config: { evaluate: { attempts: 5 }, metrics: { listen } } });
  await lab.daemon.start();
  begun = Date.now();
  monitoring = await startMonitoring({
    dir: join(lab.dir, 'monitoring'),
    targets: [{ address: listen, instance: null }],
    rules: impatient,
  });
});

afterAll(async () => {
  await monitoring?.stop();
  await lab?.remove();
});

describe('a real Prometheus and a real Alertmanager', { timeout: 200_000 }, () => {
  test('tell of a system that was switched by hand, and that it was put right', async () => {
    await lab.deploy('one');
    const byHand = (await lab.host.current()) ?? '';
    await lab.deploy('two');
    await execa('ln', ['-sfn', byHand, join(lab.host.root, 'run/current-system')]);
    const fired = await monitoring.heard('AbideChangedByHand', 'firing');
    expect(fired).toMatchObject({
      labels: { job: 'abide', severity: 'warning' },
      annotations: { summary: 'A host was changed outside of Git.' },
    });
    expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
    await lab.daemon.until('in sync', ({ summary }) => summary === 'InSync');
    await monitoring.heard('AbideChangedByHand', 'resolved');
  });

  test('tell of a commit that fails, and that the next one mended it', async () => {
    await lab.infra.setHosts('{ alpha = throw "broken on purpose"; }\n');
    await lab.infra.commit('broken');
    await monitoring.heard('AbideReconcileFailing', 'firing');
    await lab.deploy('mended');
    await monitoring.heard('AbideReconcileFailing', 'resolved');
  });

  test('tell of a commit that was rolled back for as long as it is offered', async () => {
    const bad = await lab.release('bad', 'activateExit = 1;');
    const fired = await monitoring.heard('AbideQuarantined', 'firing');
    expect(fired.labels).toMatchObject({ branch: 'main' });
    const [last] = await monitoring.query('abide_deployment_last_info');
    expect(last?.metric).toMatchObject({ outcome: 'rolled_back', reason: 'ActivationFailed', commit: bad });
  });

  test('forget nothing when abide is killed meanwhile, and no counter goes back', async () => {
    await lab.daemon.kill();
    await lab.daemon.start();
    await lab.daemon.until('an answer', ({ remotes }) => remotes[0]?.up === true);
    await expect.poll(() => monitoring.query('up == 1'), { timeout: 10_000 }).toHaveLength(1);
    const [rolledBack] = await monitoring.query('abide_rollbacks_total{reason="activation"}');
    expect(rolledBack?.value?.[1]).toBe('1');
    const kept = families.filter(({ type, persisted }) => type === 'counter' && persisted);
    expect(kept.length).toBeGreaterThan(3);
    for (const { name } of kept) expect(await monitoring.query(`resets(${name}[10m]) > 0`)).toEqual([]);
    expect(monitoring.told.filter(({ labels }) => labels['alertname'] === 'AbideQuarantined')).toHaveLength(
      1,
    );
    await lab.deploy('good again');
    await monitoring.heard('AbideQuarantined', 'resolved');
  });

  test('read a scrape that promtool has nothing to say about', async () => {
    const input = await lab.daemon.metrics();
    expect(input).toContain('abide_status{summary="InSync"} 1');
    expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
  });

  test('told of nothing else', () => {
    const names = new Set(monitoring.told.map(({ labels }) => labels['alertname'] ?? ''));
    expect([...names].toSorted()).toEqual([
      'AbideChangedByHand',
      'AbideQuarantined',
      'AbideReconcileFailing',
    ]);
  });
});

describe('what the dashboards ask', () => {
  /** What need not have anything to show of a host that neither waited, nor was suspended, nor needs a reboot, nor refused anything. */
  const undue = [
    /abide_suspended_since/,
    /abide_reboot_required_since/,
    /gate!="none"/,
    /abide_trust_refused_heads/,
    /abide_remote_up\{.*== 0/,
  ];
  const expressions = [...new Set([fleetDashboard, hostDashboard].flatMap(expressionsOf))];

  test.each(expressions)('%s', async (expr) => {
    const filled = plainExpression(expr, { rate: '10s', range: '10m' });
    const seconds = (Date.now() - begun) / 1000;
    const found = await monitoring.queryRange(filled, seconds);
    const isDue = !undue.some((pattern) => pattern.test(expr));
    if (isDue) expect(found.length, `${found.length} series`).toBeGreaterThan(0);
  });
});
