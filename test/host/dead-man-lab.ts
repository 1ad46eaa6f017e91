import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivator, type Activator } from '../../src/host/activate.ts';
import { createDeadMan, type DeadMan, type WayBack } from '../../src/host/dead-man.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

/** A fake host on which `previous` ran when deployment `d1` of `next` began, with dead-men that are quick. */
export interface DeadManLab {
  readonly host: FakeHost;
  readonly deadMan: DeadMan;
  readonly activator: Activator;
  readonly way: WayBack;
  /** Switches to `next` as the daemon does, with a second of probation. */
  readonly activate: (probation?: number) => ReturnType<Activator['run']>;
  readonly current: () => string | null;
  /** Text of a file in the dead-man's directory. */
  readonly note: (name: string) => string | null;
  readonly until: (holds: () => boolean | Promise<boolean>, seconds?: number) => Promise<void>;
  /** Processes that know of this lab, by pid. */
  readonly processes: () => number[];
  /** Ends every process of the lab by its pid, and removes it. */
  readonly remove: () => Promise<void>;
}

/** Makes a lab; `next` and `previous` are the lines of their switch-to-configuration. */
export function createDeadManLab(
  systems: { readonly next?: readonly string[]; readonly previous?: readonly string[] } = {},
  more: { readonly activator?: 'systemd' | 'direct'; readonly path?: (host: FakeHost) => string } = {},
): DeadManLab {
  const host = createFakeHost();
  const { next = ['activate'], previous = ['activate'] } = systems;
  const place = {
    root: host.root,
    run,
    activator: more.activator ?? ('direct' as const),
    path: more.path?.(host) ?? process.env['PATH'] ?? '',
  };
  const deadMan = createDeadMan({ ...place, pace: { retry: 1, busy: 1, grace: 1, limit: 5 } });
  const activator = createActivator({ ...place, stateDir: host.stateDir, now: Date.now, graceMs: 300 });
  const way = {
    deployment: 'd1',
    toplevel: host.toplevel('next', switchProgram(...next)),
    previous: host.toplevel('previous', switchProgram(...previous)),
    profile: null,
  };
  host.link('run/current-system', way.previous);
  const dir = join(host.root, 'run/abide-deadman/d1');
  const processes = () => processesOf(host.dir);
  return {
    host,
    deadMan,
    activator,
    way,
    activate: (probation = 1) =>
      activator.run({
        deployment: 'd1',
        toplevel: way.toplevel,
        action: 'test',
        noCheck: false,
        timeoutMs: 20_000,
        deadMan: deadMan.hook('d1', probation),
      }),
    current: () => linkAt(join(host.root, 'run/current-system')),
    note: (name) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8').trim() : null),
    until,
    processes,
    remove: async () => {
      for (let tries = 0; tries < 100 && processes().length > 0; tries += 1) {
        for (const pid of processes()) kill(pid);
        await sleep(20);
      }
      host.remove();
    },
  };
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

async function until(holds: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  for (let waited = 0; waited < seconds * 1000; waited += 50) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`it did not come within ${seconds} s`);
}

function processesOf(dir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && knows(pid, dir));
}

function knows(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
