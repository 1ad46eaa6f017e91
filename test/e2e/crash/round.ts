import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { HostStatus } from '../../../src/domain/status.ts';
import { hasEnded } from '../alpha-lab.ts';
import { disagreements, strangers, type CrashLab } from './crash-lab.ts';
import type { Scenario } from './scenarios.ts';

/** What else ends with abide, or happens before it is back. */
export const disasters = ['abide', 'abide and the switch', 'everything', 'abide for long', 'power'] as const;
export type Disaster = (typeof disasters)[number];

let count = 0;

/** Deploys the scenario's system without any trouble and gives the points it passed. */
export async function undisturbed(lab: CrashLab, scenario: Scenario): Promise<readonly string[]> {
  await beginWith(lab, scenario);
  const commit = await releaseOf(lab, scenario);
  const status = await ended(lab, commit);
  expect(status.lastDeployment).toMatchObject({ commit, outcome: scenario.ends });
  expect(await disagreements(lab, status)).toEqual([]);
  return lab.points(commit);
}

/** Kills abide at one point of the scenario's deployment, lets the disaster happen, and looks at what comes of it. */
export async function round(of: {
  readonly lab: CrashLab;
  readonly scenario: Scenario;
  readonly disaster: Disaster;
  readonly point: string;
}): Promise<void> {
  const { lab, scenario, disaster, point } = of;
  try {
    await disturbed(lab, scenario, disaster, point);
  } catch (error) {
    throw new Error(`${disaster} ${point}: ${String(error)}`, { cause: error });
  }
}

async function disturbed(
  lab: CrashLab,
  scenario: Scenario,
  disaster: Disaster,
  point: string,
): Promise<void> {
  await base(lab, scenario);
  const before = await systemsOf(lab);
  const { floor } = lab.facts();
  await lab.order(point);
  const commit = await releaseOf(lab, scenario);
  expect(await lab.died(commit), 'the point is passed').toBe(true);
  await happen(lab, disaster);
  await lab.daemon.start();
  const status = await atRest(lab, scenario, commit);
  const after = await systemsOf(lab);
  const outcome = status.lastDeployment?.outcome ?? '';
  expect(allowed(scenario, disaster)).toContain(outcome);
  const undone = outcome === 'rolled_back';
  expect(lab.facts().quarantine.some((entry) => entry.commit === commit)).toBe(undone);
  expect(lab.facts().floor?.commit).toBe(
    undone || outcome === 'uncommitted' || outcome === 'failed' ? floor?.commit : commit,
  );
  const toplevel = status.lastDeployment?.toplevel ?? null;
  expect(after).toEqual(systemsAfter(scenario, outcome, before, toplevel, after));
  if (scenario.ends === 'rolled_back') expect(generationsOf(lab)).not.toContain(toplevel);
  expect(await disagreements(lab, status)).toEqual([]);
  await expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]);
}

/** The first system of a host; where it is only staged, a boot brings it. */
async function beginWith(lab: CrashLab, scenario: Scenario): Promise<void> {
  await lab.daemon.start();
  await base(lab, scenario);
  if ((await lab.host.current()) !== null) return;
  await lab.reboot();
  await base(lab, scenario);
}

/** A system that is committed and at rest; the one of the round before is as good as any. */
async function base(lab: CrashLab, { once = false }: Scenario): Promise<void> {
  count += 1;
  if (lab.daemon.hasEnded()) await lab.daemon.start();
  const { state, summary, lastDeployment } = await lab.daemon.status();
  if (state === 'settled' && summary === 'InSync' && lastDeployment?.outcome === 'committed') return;
  const commit = await lab.release(`base ${count}`);
  const { lastDeployment: last } = await ended(lab, commit);
  if (!once || last?.outcome !== 'staged' || (await lab.host.current()) === null) return;
  await lab.reboot();
  await lab.daemon.start();
  await proved(lab, commit);
}

/** A staged system that the host came up in is on probation before anything is at rest. */
async function atRest(lab: CrashLab, { once = false }: Scenario, commit: string): Promise<HostStatus> {
  const status = await ended(lab, commit);
  const runs = (await lab.host.current()) === status.lastDeployment?.toplevel;
  return once && runs ? proved(lab, commit) : status;
}

async function proved(lab: CrashLab, commit: string): Promise<HostStatus> {
  return lab.daemon.until(
    `the first boot of ${commit}`,
    ({ deployment, lastDeployment: last, state }) =>
      deployment === null && state === 'settled' && last?.commit === commit && last.outcome === 'committed',
  );
}

async function releaseOf(lab: CrashLab, { more }: Scenario): Promise<string> {
  count += 1;
  return lab.release(`round ${count}`, more);
}

/** Waits until the deployment of a commit has come to an end that is none of another one's beginning. */
async function ended(lab: CrashLab, commit: string): Promise<HostStatus> {
  return lab.daemon.until(
    `the end of ${commit}`,
    (status) => hasEnded(commit)(status) && status.lastDeployment?.outcome !== 'interrupted',
  );
}

async function happen(lab: CrashLab, disaster: Disaster): Promise<void> {
  if (disaster === 'abide and the switch') await lab.killSwitch();
  if (disaster === 'everything') await lab.killAll();
  if (disaster === 'power') await lab.reboot();
  if (disaster === 'abide for long') await timeIsOver(lab);
}

/** What the dead-man of the deployment does when its time is over, without the wait. */
async function timeIsOver(lab: CrashLab): Promise<void> {
  const dir = join(lab.host.root, 'run/abide-deadman', lab.facts().deployment?.id ?? 'none');
  const script = join(dir, 'dead-man.sh');
  if (!existsSync(script) || existsSync(join(dir, 'disarmed'))) return;
  await execa('sh', [script, 'act', 'timer'], { env: {}, extendEnv: false, timeout: 30_000 });
}

function allowed({ ends, once = false }: Scenario, disaster: Disaster): readonly string[] {
  if (once) return [ends, 'committed'];
  if (ends === 'rolled_back') return ['rolled_back'];
  if (disaster === 'abide for long') return [ends, 'rolled_back'];
  // A switch that was killed in the middle is an attempt where nothing happened, and undone where something did.
  if (disaster === 'everything' || disaster === 'abide and the switch')
    return [ends, 'failed', 'rolled_back'];
  return [ends];
}

interface Systems {
  readonly running: string | null;
  readonly profile: string | null;
  readonly bootDefault: string | null;
}

async function systemsOf(lab: CrashLab): Promise<Systems> {
  const { observed } = await lab.daemon.status();
  return {
    running: await lab.host.current(),
    profile: observed?.profile?.toplevel ?? null,
    bootDefault: await lab.host.bootDefault(),
  };
}

function systemsAfter(
  { keepsDefault = false, once = false }: Scenario,
  outcome: string,
  before: Systems,
  toplevel: string | null,
  after: Systems,
): Systems {
  const all = { running: toplevel, profile: toplevel, bootDefault: toplevel };
  if (outcome === 'committed') return keepsDefault ? { ...before, running: toplevel } : all;
  if (outcome === 'uncommitted') return { ...before, running: toplevel };
  // Whether the staged system runs already is up to the power.
  if (outcome === 'staged' && once) return { ...before, profile: toplevel };
  if (outcome === 'staged')
    return { ...all, running: after.running === toplevel ? toplevel : before.running };
  return before;
}

/** What any generation of the profile ever was. */
function generationsOf({ host }: CrashLab): string[] {
  const dir = join(host.profile, '..');
  const links = readdirSync(dir).filter((name) => /^system-\d+-link$/.test(name));
  return links.map((name) => readlinkSync(join(dir, name)));
}
