// Draws the pictures of docs/monitoring.md from what a real Prometheus scraped of a small fleet: `npm run pictures`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { fleetDashboard } from '../../metrics/dashboards/fleet-dashboard.ts';
import { hostDashboard } from '../../metrics/dashboards/host-dashboard.ts';
import type { Dashboard, Panel } from '../../metrics/dashboards/panel.ts';
import { defaultRuleOptions } from '../../metrics/rules/default-rules.ts';
import { renderRules } from '../../metrics/rules/rule-file.ts';
import { startMonitoring, type Monitoring } from '../harness/monitoring.ts';
import { plainExpression } from '../metrics/dashboards/plain-expression.ts';
import { drawGraph, drawTable, drawTimeline } from './draw.ts';
import { createFleet, type Fleet, type Member } from './fleet.ts';

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const span = { rate: '10s', range: '10m' };

const fleet = await createFleet(['web1', 'web2', 'web3']);
try {
  const targets = fleet.members.map(({ address, name }) => ({ address, instance: name }));
  const thresholds = { ...defaultRuleOptions.thresholds, settle: 1 };
  const rules = renderRules({ ...defaultRuleOptions, thresholds, every: 1 });
  const monitoring = await startMonitoring({ dir: join(fleet.dir, 'monitoring'), targets, rules });
  try {
    const begun = Date.now();
    await live(fleet);
    await draw(monitoring, (Date.now() - begun) / 1000);
  } finally {
    await monitoring.stop();
  }
} finally {
  await fleet.remove();
}

/** A bad morning: a slow rollout, a commit that one host rolls back, a new kernel, a suspension, a change by hand. */
async function live({ members, release }: Fleet): Promise<void> {
  const [web1, web2, web3] = members;
  if (!web1 || !web2 || !web3) throw new Error('the fleet is too small');
  await all(members, 'first');
  for (const { host } of members) await host.reboot();
  const old = (await web3.host.current()) ?? '';
  await sleep(12_000);
  await release('second', { web2: 'buildSeconds = 6;', web3: 'buildSeconds = 14;' });
  await all(members, 'second');
  await sleep(12_000);
  await release('third', { web3: 'activateExit = 1;' });
  await web3.daemon.until('a quarantine', ({ quarantine }) => quarantine.length > 0);
  await sleep(12_000);
  await release('fourth');
  await all(members, 'fourth');
  await sleep(8000);
  await web2.daemon.cli('suspend', '--reason', 'a new disk');
  await release('fifth', { web1: 'kernelVersion = "6.12.2";' });
  await all([web1, web3], 'fifth');
  await sleep(8000);
  await execa('ln', ['-sfn', old, join(web3.host.root, 'run/current-system')]);
  await web3.daemon.until('drift', ({ summary }) => summary === 'Drifted');
  await sleep(12_000);
}

async function all(members: readonly Member[], subject: string): Promise<void> {
  await Promise.all(
    members.map(({ daemon }) =>
      daemon.until(
        subject,
        ({ summary, desired }) => summary === 'InSync' && desired?.subject === subject,
        120_000,
      ),
    ),
  );
}

/** The panels that the page shows, by dashboard and id. */
async function draw(monitoring: Monitoring, seconds: number): Promise<void> {
  await mkdir(images, { recursive: true });
  for (const id of [2, 11, 12, 21])
    await drawPanel(fleetDashboard, id, { monitoring, seconds, instance: '.+' });
  for (const id of [21, 22, 23])
    await drawPanel(hostDashboard, id, { monitoring, seconds, instance: 'web3' });
}

async function drawPanel(
  { uid, sections, marks }: Dashboard,
  id: number,
  of: { readonly monitoring: Monitoring; readonly seconds: number; readonly instance: string },
): Promise<void> {
  const panel = sections.flatMap(({ panels }) => panels).find((one) => one.id === id);
  if (!panel) throw new Error(`${uid} has no panel ${id}`);
  const { monitoring, seconds, instance } = of;
  const plain = (expr: string) => plainExpression(expr, { ...span, instance });
  const ask = (expr: string) =>
    panel.kind === 'table' ? monitoring.query(plain(expr)) : monitoring.queryRange(plain(expr), seconds);
  const answers = [];
  for (const { expr } of panel.queries) answers.push(await ask(expr));
  const rollbacks = marks.find(({ name }) => name === 'Rollbacks');
  const found = rollbacks ? await monitoring.query(plain(rollbacks.expr)) : [];
  const times = found.map(({ value }) => Number(value?.[1]) / 1000);
  const name = `${uid.replace('abide-', '')}-${panel.title.toLowerCase().replaceAll(/\W+/g, '-')}.svg`;
  await writeFile(join(images, name), picture(panel, answers, times));
  console.log(`docs/images/${name}`);
}

function picture(panel: Panel, answers: Parameters<typeof drawGraph>[1], marks: readonly number[]): string {
  if (panel.kind === 'table') return drawTable(panel, answers, Date.now() / 1000);
  if (panel.kind === 'timeline') return drawTimeline(panel, answers);
  if (panel.kind === 'graph') return drawGraph(panel, answers, marks);
  throw new Error(`${panel.title} cannot be drawn`);
}
