import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { HostStatus } from '../../src/domain/status.ts';

/** The built program, as its users run it. */
export const program = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url));

/** A daemon of a test's own, in a directory of its own. */
export interface Daemon {
  /** The built program. */
  readonly program: string;
  readonly socket: string;
  readonly configFile: string;
  /** What is in it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly logFile: string;
  start(): Promise<void>;
  /** TERM, then waits for the end; gives the exit code. */
  stop(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
  pid(): number | undefined;
  /** True when it was started and runs no more. */
  hasEnded(): boolean;
  status(): Promise<HostStatus>;
  /** Waits until the status is as wanted; throws with the last status when it takes too long. */
  until(what: string, wanted: (status: HostStatus) => boolean, timeoutMs?: number): Promise<HostStatus>;
  /** Runs a command of the CLI against this daemon. */
  cli(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  log(): string;
  metrics(): Promise<string>;
  get(path: string): Promise<{ status: number; body: string }>;
  post(path: string, body: unknown): Promise<{ status: number; body: string }>;
}

/** The product's own times are for hosts that people work on; a test is there to see the end of them. */
const shortProbation = {
  settle: '0s',
  stableFor: '0s',
  deadline: '1m',
  inbound: { ports: [] },
} as const;

/** Writes the configuration as JSON (which is YAML) and gives a daemon that is not started yet. */
export async function createDaemon(options: {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}): Promise<Daemon> {
  const { dir, env } = options;
  const socket = join(dir, 'abide.sock');
  const configFile = join(dir, 'config.json');
  const logFile = join(dir, 'daemon.log');
  const config = {
    api: { socket },
    metrics: { listen: '127.0.0.1:0' },
    state: { dir: join(dir, 'state') },
    health: shortProbation,
    ...options.config,
  };
  await writeFile(configFile, JSON.stringify(config, null, 2));
  let child: ChildProcess | undefined;
  let exited: Promise<number | null> = Promise.resolve(null);

  const start = async () => {
    const out = createWriteStream(logFile, { flags: 'a' });
    const started = spawn(process.execPath, [program, 'run', '--config', configFile], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
    });
    child = started;
    started.stdout.pipe(out, { end: false });
    started.stderr.pipe(out, { end: false });
    exited = new Promise((resolve) => started.once('exit', (code) => resolve(code)));
    for (let tries = 0; tries < 200; tries += 1) {
      if (started.exitCode !== null) throw new Error(`the daemon ended at its start:\n${readLog(logFile)}`);
      if (await status().catch(() => null)) return;
      await sleep(50);
    }
    throw new Error(`the daemon does not answer:\n${readLog(logFile)}`);
  };
  const call = (method: string, path: string, body?: unknown) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: socket,
          method,
          path,
          headers: { 'content-type': 'application/json' },
          timeout: 10_000,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const status = async () => {
    const answer = await call('GET', '/v1/status');
    if (answer.status !== 200) throw new Error(answer.body);
    return JSON.parse(answer.body) as HostStatus;
  };
  const until: Daemon['until'] = async (what, wanted, timeoutMs = 30_000) => {
    const end = Date.now() + timeoutMs;
    let last: HostStatus | undefined;
    while (Date.now() < end) {
      last = await status().catch(() => last);
      if (last && wanted(last)) return last;
      await sleep(25);
    }
    throw new Error(
      `${what} did not come; last status:\n${JSON.stringify(last, null, 1)}\n${readLog(logFile)}`,
    );
  };
  const stop = async () => {
    child?.kill('SIGTERM');
    return exited;
  };
  return {
    program,
    socket,
    configFile,
    config,
    logFile,
    start,
    stop,
    kill: async () => {
      child?.kill('SIGKILL');
      await exited;
    },
    pid: () => child?.pid,
    hasEnded: () => child !== undefined && (child.exitCode !== null || child.signalCode !== null),
    status,
    until,
    cli: async (...args) => {
      const { exitCode, stdout, stderr } = await execa(
        process.execPath,
        [program, '--socket', socket, ...args],
        { env: { ...env, NO_COLOR: '1' }, extendEnv: false, reject: false },
      );
      return { exitCode: exitCode ?? -1, stdout, stderr };
    },
    log: () => readLog(logFile),
    metrics: async () => {
      const [, address] = [...readLog(logFile).matchAll(/"metrics":"([^"]+)"/g)].at(-1) ?? [];
      if (!address) throw new Error('the daemon did not log where its metrics are');
      for (let tries = 0; ; tries += 1) {
        const response = await fetch(`http://${address}/metrics`);
        // 503 until the host was looked at.
        if (response.ok || tries === 200) return response.text();
        await sleep(50);
      }
    },
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
  };
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
