import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { connectAgent, type Agent } from './agent.ts';
import type { Image } from './image.ts';
import { makeDisk } from './make-disk.ts';
import { qemu, type Hardware } from './qemu.ts';
import { timed } from './timed.ts';

/** A virtual machine of a test's own, with a disk of its own above the image. */
export interface Machine {
  /** Starts it and waits for the agent. */
  readonly boot: () => Promise<void>;
  /** Runs a shell script as root; gives what it printed, or throws with that when it fails. */
  readonly sh: (script: string, timeoutMs?: number) => Promise<string>;
  /** As `sh`, and a failure is an answer. A machine that does not answer at all is ended. */
  readonly try: (script: string, timeoutMs?: number) => Promise<{ code: number; output: string }>;
  /** Pulls the plug: what the guest had not made durable is lost. */
  readonly cutPower: () => Promise<void>;
  /** Waits until it has ended by itself, as at a reboot; `boot` starts it again. */
  readonly untilOff: (timeoutMs?: number) => Promise<void>;
  /** The last lines of its console. */
  readonly console: () => string;
  readonly remove: () => Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly agent: Agent;
}

const bootLimitMs = 15 * 60_000;

/** Makes the machine's disks; it is not booted yet. */
export async function createMachine(of: {
  readonly image: Image;
  /** Directory that the guest finds, read-only, as /opt/abide. */
  readonly program: string;
  readonly port: number;
}): Promise<Machine> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-vm-'));
  const hardware = await makeHardware(dir, of);
  const consoleFile = join(dir, 'console.log');
  let running: Running | undefined;

  const console = () => readFileSync(consoleFile, 'utf8').split('\n').slice(-60).join('\n');
  const cutPower = async () => {
    running?.child.kill('SIGKILL');
    await running?.exited;
    running?.agent.close();
    running = undefined;
  };
  const broken = async (why: string) => {
    await cutPower();
    return new Error(`${why}; the end of the machine's console:\n${console()}`);
  };
  const untilOff: Machine['untilOff'] = async (timeoutMs = 40 * 60_000) => {
    const stopped = running?.exited.then(() => true);
    const isOff = await Promise.race([stopped, sleep(timeoutMs, false, { ref: false })]);
    if (isOff === false) throw await broken('the machine does not end');
    await cutPower();
  };
  const attempt: Machine['try'] = async (script, timeoutMs = 60_000) => {
    if (!running) throw new Error('the machine does not run');
    const answer = await running.agent.run(script, timeoutMs);
    if (answer) return answer;
    throw await broken(`no answer to: ${script}`);
  };
  return {
    boot: () =>
      timed('boot', async () => {
        running = await start(hardware, consoleFile);
        const { agent, exited } = running;
        const isUp = await Promise.race([agent.ready(bootLimitMs), exited.then(() => false)]);
        if (!isUp) throw await broken('the machine does not come up');
      }),
    try: attempt,
    sh: async (script, timeoutMs) => {
      const { code, output } = await attempt(script, timeoutMs);
      if (code !== 0) throw new Error(`exit code ${code} of: ${script}\n${output}`);
      return output;
    },
    cutPower,
    untilOff,
    console,
    remove: async () => {
      await cutPower();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function makeHardware(
  dir: string,
  { image, program, port }: { readonly image: Image; readonly program: string; readonly port: number },
): Promise<Hardware> {
  const disks = { root: join(dir, 'root.qcow2'), program: join(dir, 'program.raw') };
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', 'raw', disks.root]);
  await makeDisk({ path: disks.program, bytes: 64 * 1024 ** 2, label: 'abide-program', from: program });
  return { ...disks, image, port, agentSocket: join(dir, 'agent.sock') };
}

async function start(hardware: Hardware, consoleFile: string): Promise<Running> {
  const [file, ...args] = qemu(hardware);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(consoleFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return { child, exited, agent: await connectAgent(hardware.agentSocket) };
}
