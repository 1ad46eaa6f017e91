import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { families } from '../../../metrics/catalogue.ts';
import { fleetDashboard } from '../../../metrics/dashboards/fleet-dashboard.ts';
import { hostDashboard } from '../../../metrics/dashboards/host-dashboard.ts';
import { expressionsOf } from '../../../metrics/dashboards/panel.ts';
import { defaultRuleOptions } from '../../../metrics/rules/default-rules.ts';
import { ruleGroups } from '../../../metrics/rules/rule-file.ts';
import { expectNone } from '../../harness/expect-none.ts';
import { findWrong, metricsIn } from '../promql.ts';
import { plainExpression } from './plain-expression.ts';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly uid: string };
  readonly format?: string;
}

interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly noValue?: string } };
}

interface GrafanaDashboard {
  readonly uid: string;
  readonly editable: boolean;
  readonly panels: readonly GrafanaPanel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly label?: string;
      readonly type: string;
      readonly allValue?: string;
    }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly links: readonly { readonly url: string }[];
}

const dashboards = [fleetDashboard, hostDashboard];
const read = (uid: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../metrics/dashboards/${uid}.json`, import.meta.url), 'utf8'),
  ) as GrafanaDashboard;

/** Metrics that no panel and no rule shows: people and scripts look them up by name. */
const lookedUpByName = [
  'abide_config_info',
  'abide_desired_commit_timestamp_seconds',
  'abide_floor_info',
  'abide_deployment_last_timestamp_seconds',
  'abide_suspend_expiry_timestamp_seconds',
  'abide_staged_since_timestamp_seconds',
  'abide_quarantined_commits',
  'abide_health_check_last_duration_seconds',
  'abide_reconcile_last_attempt_timestamp_seconds',
  'abide_reconcile_last_success_timestamp_seconds',
  'abide_reconcile_last_failure_timestamp_seconds',
  'abide_phase_duration_seconds',
  'abide_remote_last_attempt_timestamp_seconds',
  'abide_rollbacks_total',
  'abide_trust_rejections_total',
  'abide_trust_last_rejection_timestamp_seconds',
  'process_start_time_seconds',
];

describe.each(dashboards.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (uid, dashboard) => {
  const file = read(uid);
  const panels = file.panels.filter(({ type }) => type !== 'row');

  test('asks only for what the catalogue has', () => {
    const filled = expressionsOf(dashboard).map((expr) => plainExpression(expr, { rate: '5m', range: '1d' }));
    expect(filled.length).toBeGreaterThan(10);
    expectNone(filled.flatMap(findWrong));
  });

  test('asks for the job and the instances that were chosen, of its data source', () => {
    const targets = panels.flatMap(({ targets = [] }) => targets);
    const everywhere = targets.filter(({ expr }) => !expr.includes('ALERTS'));
    expectNone(everywhere.filter(({ expr }) => !expr.includes('job=~"$job"')).map(({ expr }) => expr));
    expectNone(
      everywhere.filter(({ expr }) => !expr.includes('instance=~"$instance"')).map(({ expr }) => expr),
    );
    expect(new Set(targets.map(({ datasource }) => datasource.uid))).toEqual(new Set(['$datasource']));
  });

  test('has stable ids and says of every panel what it shows, in which unit', () => {
    const ids = file.panels.map(({ id }) => id);
    expect(file.uid).toBe(uid);
    expect(new Set(ids).size).toBe(ids.length);
    expectNone(panels.filter(({ description = '' }) => !description.endsWith('.')).map(({ title }) => title));
    expectNone(panels.filter(({ fieldConfig }) => !fieldConfig?.defaults.unit).map(({ title }) => title));
    expectNone(panels.filter(({ fieldConfig }) => !fieldConfig?.defaults.noValue).map(({ title }) => title));
  });

  test('fits: no panel reaches beyond the edge or lies over another', () => {
    const boxes = file.panels.map(({ gridPos, title }) => ({ ...gridPos, title }));
    expectNone(boxes.filter(({ x, w }) => x + w > 24).map(({ title }) => title));
    const over = boxes.flatMap((a, index) =>
      boxes
        .slice(index + 1)
        .filter((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
        .map((b) => `${a.title} lies over ${b.title}`),
    );
    expectNone(over);
  });

  test('can be pointed at another data source, job and host', () => {
    const named = Object.fromEntries(file.templating.list.map((variable) => [variable.name, variable]));
    expect(named['datasource']).toMatchObject({ type: 'datasource' });
    expect(named['job']).toMatchObject({ label: 'Job', allValue: '.+' });
    expect(named['instance']).toMatchObject({ label: 'Instance' });
    expect(file.editable).toBe(false);
  });

  test('leads to the other one and to the runbooks', () => {
    const other = dashboards.find((one) => one.uid !== uid)?.uid;
    expect(file.links.map(({ url }) => url)).toEqual([`/d/${other}`, '${runbooks}']);
  });

  test('marks rollbacks at their own times', () => {
    expect(file.annotations.list.find(({ name }) => name === 'Rollbacks')).toMatchObject({
      expr: expect.stringMatching(/\* 1000$/),
      useValueForTime: true,
    });
  });
});

test('a table shows only columns that its queries give', () => {
  const tables = dashboards
    .flatMap(({ sections }) => sections.flatMap(({ panels }) => panels))
    .filter((panel) => panel.kind === 'table');
  expect(tables.length).toBeGreaterThan(2);
  for (const { queries, columns, title } of tables) {
    for (const { from } of columns) {
      const given =
        'label' in from
          ? queries.some(({ expr }) => new RegExp(`by \\([^)]*\\b${from.label}\\b`).test(expr))
          : from.query.charCodeAt(0) - 65 < queries.length;
      expect(given, `${title}: ${JSON.stringify(from)}`).toBe(true);
    }
  }
});

test("the fleet's table fits a laptop's screen", () => {
  const [table] = fleetDashboard.sections[0]?.panels ?? [];
  const columns = table?.kind === 'table' ? table.columns : [];
  const host = 150;
  expect(columns.length).toBeGreaterThan(10);
  expect(columns.reduce((sum, { width = host }) => sum + width, 0)).toBeLessThanOrEqual(1280);
});

test('every metric is shown, alerted on, or meant to be looked up', () => {
  const rules = ruleGroups(defaultRuleOptions).flatMap((group) => group.rules.map(({ expr }) => expr));
  const panels = dashboards
    .flatMap(expressionsOf)
    .map((expr) => plainExpression(expr, { rate: '5m', range: '1d' }));
  const used = new Set([...rules, ...panels].flatMap(metricsIn));
  const unused = families.map(({ name }) => name).filter((name) => !used.has(name));
  expect(unused.toSorted()).toEqual(lookedUpByName.toSorted());
});
