import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf } from '../../src/domain/unit-file.ts';
import type { Lab } from './alpha-lab.ts';

/** What systemd does for `abide.service`: starts what the running system's unit says, again whenever it ends. */
export interface Supervisor {
  /** The command line of every start, oldest first. */
  readonly starts: readonly string[];
  /** True once the running system had no unit when the process had ended. */
  readonly isGone: () => boolean;
  /** A unit that is not read anew: what was started last is started again. */
  readonly keepUnit: (keep: boolean) => void;
  /** kill -9; it is started again. */
  readonly kill: () => void;
  readonly stop: () => Promise<void>;
}

/** Starts abide on the lab's host as the running system says; its output goes to the log of the lab's daemon. */
export function supervise(lab: Lab): Supervisor {
  const starts: string[] = [];
  let child: ChildProcess | undefined;
  let argv: readonly string[] | null = null;
  let isKept = false;
  const stopping = new AbortController();
  let isGone = false;
  const loop = async () => {
    while (!stopping.signal.aborted) {
      if (!isKept || argv === null) argv = await unitOf(lab);
      if (argv === null) {
        isGone = true;
        return;
      }
      starts.push(argv.join(' '));
      child = start(lab, argv);
      await new Promise((resolve) => child?.once('exit', resolve));
      await sleep(100);
    }
  };
  const running = loop();
  return {
    starts,
    isGone: () => isGone,
    keepUnit: (keep) => {
      isKept = keep;
    },
    kill: () => void child?.kill('SIGKILL'),
    stop: async () => {
      stopping.abort();
      child?.kill('SIGTERM');
      await running;
    },
  };
}

async function unitOf({ host }: Lab): Promise<readonly string[] | null> {
  const file = join(host.root, 'run/current-system/etc/systemd/system/abide.service');
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : commandOf([text]);
}

function start({ env, daemon }: Lab, [file = '', ...args]: readonly string[]): ChildProcess {
  const out = createWriteStream(daemon.logFile, { flags: 'a' });
  const child = spawn(file, args, {
    env: { ...env, INVOCATION_ID: 'imitated' },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
  child.stdout.pipe(out, { end: false });
  child.stderr.pipe(out, { end: false });
  return child;
}
