import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import type { Facts } from '../../../src/domain/facts.ts';
import type { HostStatus } from '../../../src/domain/status.ts';
import type { WitnessDocument } from '../../../src/state/witness.ts';
import { createLab, processesWith, type Lab, type LabOptions } from '../alpha-lab.ts';

/** A lab whose daemon tells every point of a deployment and can be killed at each of them. */
export interface CrashLab extends Lab {
  /** All points that the deployment of a commit has passed, in order. */
  points(commit: string): Promise<readonly string[]>;
  /** Lets the daemon kill itself at this point of the next deployment, or fills file systems, or shifts the clock there instead. */
  order(
    point: string,
    instead?: { readonly fill: readonly string[] } | { readonly clock: number },
  ): Promise<void>;
  /** Resolves with true once the daemon died at its point, with false when the deployment ended without passing it. */
  died(commit: string): Promise<boolean>;
  /** Ends everything that runs for this host but the daemon, as a power cut would. */
  killAll(): Promise<void>;
  /** Ends the switches that run, and leaves the dead-man. */
  killSwitch(): Promise<void>;
  /** A power cut: everything ends, `/run` is empty, and the boot default runs in a new boot. The daemon is not started. */
  reboot(): Promise<void>;
  facts(): Facts;
}

const preload = pathToFileURL(fileURLToPath(new URL('../../harness/crash-point.mjs', import.meta.url))).href;

/** Makes one with a first system deployed. */
export async function createCrashLab(options: LabOptions = {}): Promise<CrashLab> {
  const lab = await createLab({
    ...options,
    env: (dir, env) => ({
      ...(options.env?.(dir, env) ?? env),
      NODE_OPTIONS: `--import=${preload}`,
      CRASH_DIR: join(dir, 'crash'),
    }),
  });
  const at = (...names: string[]) => join(lab.dir, 'crash', ...names);
  const facts = () => (readJson(join(lab.dir, 'state/journal.json')) as { facts: Facts }).facts;
  await mkdir(at());
  await writeFile(join(lab.host.root, 'run/boot-id'), `${randomUUID()}\n`);
  const killAll = async () => {
    if (!lab.daemon.hasEnded()) await lab.daemon.kill();
    await endAll(() => strangers(lab));
  };
  return {
    ...lab,
    facts,
    killAll,
    killSwitch: () => endAll(() => processesWith(join(lab.dir, 'state/deployments')).flatMap(groupOf)),
    points: async (commit) => pointsIn(at('trace'), commit),
    order: async (point, instead) => {
      const notIn = facts().deployments[0]?.id;
      await writeFile(at('order.new'), JSON.stringify({ notIn, point, ...instead }));
      await rename(at('order.new'), at('order'));
    },
    died: async (commit) => {
      for (let waited = 0; waited < 60_000; waited += 20) {
        if (lab.daemon.hasEnded()) return true;
        if (facts().deployments.some((ended) => ended.commit === commit) && facts().deployment === null) {
          await sleep(1000);
          return lab.daemon.hasEnded();
        }
        await sleep(20);
      }
      throw new Error(`the deployment of ${commit} neither ended nor died\n${lab.daemon.log()}`);
    },
    reboot: async () => {
      await killAll();
      await rm(join(lab.host.root, 'run'), { recursive: true });
      await mkdir(join(lab.host.root, 'run'));
      await writeFile(join(lab.host.root, 'run/boot-id'), `${randomUUID()}\n`);
      await lab.host.reboot();
    },
  };
}

/** Processes of this host that are not its daemon. */
export function strangers(lab: Lab): number[] {
  return [
    join(lab.host.root, 'run/abide-deadman'),
    join(lab.dir, 'state/deployments'),
    join(lab.dir, 'nix/store'),
  ]
    .flatMap(processesWith)
    .filter((pid) => pid !== lab.daemon.pid());
}

/** Everything that must agree once a deployment has ended, however it ended; gives what does not. */
export async function disagreements(lab: CrashLab, status: HostStatus): Promise<readonly string[]> {
  const facts = lab.facts();
  const witness = readJson(join(lab.dir, 'state/witness.json')) as WitnessDocument;
  const { observed } = status;
  const running = await lab.host.current();
  const roots = await rootsOf(lab);
  const wrong = (what: string, is: unknown, wanted: unknown) =>
    JSON.stringify(is) === JSON.stringify(wanted)
      ? []
      : [`${what} is ${JSON.stringify(is)} and not ${JSON.stringify(wanted)}`];
  return [
    ...wrong('deployment', facts.deployment, null),
    ...wrong('probation', facts.probation, null),
    ...wrong('witness.pending', witness.pending, null),
    ...wrong('witness.floor', witness.floor, facts.floor),
    ...wrong(
      'witness.quarantine',
      witness.quarantine,
      facts.quarantine.map(({ commit, toplevel }) => ({ commit, toplevel })),
    ),
    ...wrong('expected.current', facts.expected?.current, running),
    ...wrong('expected.profile', facts.expected?.profile, observed?.profile?.toplevel),
    ...wrong('expected.bootDefault', facts.expected?.bootDefault, await lab.host.bootDefault()),
    ...wrong(
      'profile',
      observed?.profile?.toplevel,
      facts.bootOnce?.toplevel ?? (await lab.host.bootDefault()),
    ),
    ...wrong('what the loader was told', toldIn(lab), facts.bootOnce ? ['Default', 'OneShot'] : []),
    ...wrong(
      'drift',
      status.drift.filter(({ kind }) => kind !== 'boot' && kind !== 'commit'),
      [],
    ),
    ...wrong('root of what runs', Object.values(roots).includes(running ?? ''), true),
    ...wrong(
      'unfinished roots',
      Object.keys(roots).filter((name) => name.startsWith('.')),
      [],
    ),
  ];
}

/** Which variables of the loader say something. */
function toldIn({ host }: Lab): string[] {
  const dir = join(host.root, 'sys/firmware/efi/efivars');
  const names = existsSync(dir) ? readdirSync(dir) : [];
  return names.flatMap((name) => /^LoaderEntry(\w+)-/.exec(name)?.[1] ?? []).toSorted();
}

async function rootsOf(lab: Lab): Promise<Record<string, string>> {
  const dir = join(lab.dir, 'nix/state/gcroots/abide');
  const { stdout } = await execa('ls', ['-A', dir]);
  const names = stdout.split('\n').filter((name) => name !== '');
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readlink(join(dir, name)).catch(() => '')])),
  );
}

async function endAll(pids: () => readonly number[]): Promise<void> {
  for (let tries = 0; tries < 200 && pids().length > 0; tries += 1) {
    pids().forEach(end);
    await sleep(10);
  }
}

/** Everything in the process group of one. */
function groupOf(pid: number): number[] {
  const groups = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = groupIn(String(pid));
  return own === null ? [] : groups.filter((each) => groupIn(each) === own).map(Number);
}

function groupIn(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] ?? null;
  } catch {
    return null;
  }
}

function pointsIn(trace: string, commit: string): string[] {
  const lines = readFileSync(trace, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${commit} `)).map((line) => line.slice(commit.length + 1));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
