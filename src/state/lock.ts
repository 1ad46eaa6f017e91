import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { Problem } from '../domain/problem.ts';

/** A held lock; gone by itself when the process ends, however it ends. */
export interface Lock {
  readonly release: () => Promise<void>;
}

/**
 * Takes the lock of a state directory, or throws Problem `already_running` that names the pid of the daemon that has it.
 * `lock.sock` there leads to a socket that answers with the holder's pid; connect fails when nobody runs.
 *
 * Each holder has a socket of its own, `lock/N`. Whoever finds the highest one dead claims N + 1, which only one can
 * create; a dead socket never comes back, and the highest is never removed. So no race between starters, and no
 * starter that slept for long, makes two holders: nobody ever removes a name that may be somebody's.
 */
export async function takeLock({ dir, pid }: { readonly dir: string; readonly pid: number }): Promise<Lock> {
  try {
    return await takeIn(dir, pid);
  } catch (error) {
    throw error instanceof Problem ? error : unusable(dir, error);
  }
}

async function takeIn(dir: string, pid: number): Promise<Lock> {
  const names = join(dir, 'lock');
  mkdirSync(names, { recursive: true, mode: 0o700 });
  const base = shortBase(names);
  const own = mkdtempSync(join(base.path, 'claim-'));
  const socket = join(own, 's');
  let server: Server | undefined;
  const release = async () => {
    await close(server);
    base.close();
  };
  try {
    server = await listen(socket, pid);
    const number = await claim({ base: base.path, socket, dir });
    tidy(base.path, number);
    show(dir, number);
    return { release };
  } catch (error) {
    await release();
    throw error;
  } finally {
    // Through the directory's own name: on the way out of a failure the short one is closed already.
    rmSync(join(names, basename(own)), { recursive: true, force: true });
  }
}

/** The longest path that a socket's address holds on every system. */
const longestAddress = 100;

/** A name of the directory that a socket address has room for. */
function shortBase(path: string): { readonly path: string; readonly close: () => void } {
  if (Buffer.byteLength(path) + 20 <= longestAddress) return { path, close: () => undefined };
  const directory = openSync(path, 'r');
  return { path: `/proc/self/fd/${directory}`, close: () => closeSync(directory) };
}

// Bound under a name of its own first, because between bind and listen a socket looks dead.
async function listen(path: string, pid: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${pid}\n`, () => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

async function close(server: Server | undefined): Promise<void> {
  if (server) await new Promise((resolve) => server.close(resolve));
}

interface Claim {
  readonly base: string;
  readonly socket: string;
  readonly dir: string;
}

async function claim({ base, socket, dir }: Claim): Promise<number> {
  for (;;) {
    const last = Math.max(0, ...numbers(base));
    const holder = last === 0 ? null : await ask(join(base, String(last)));
    if (holder !== null) throw alreadyRunning(dir, holder);
    try {
      linkSync(socket, join(base, String(last + 1)));
      return last + 1;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

function numbers(base: string): number[] {
  return readdirSync(base)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number);
}

/** The pid a live holder says, `''` when it lives and does not say, null when nobody listens. */
async function ask(path: string): Promise<string | null> {
  const socket = connect(path);
  let answer = '';
  return new Promise((resolve, reject) => {
    socket.setTimeout(2000, () => {
      socket.destroy();
      resolve(answer.trim());
    });
    socket.on('data', (data) => (answer += data.toString()));
    socket.once('end', () => {
      socket.destroy();
      resolve(answer.trim());
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(null);
      else if (error.code === 'EAGAIN' || error.code === 'ECONNRESET') resolve('');
      else reject(error);
    });
  });
}

function tidy(base: string, number: number): void {
  for (const lower of numbers(base).filter((other) => other < number)) {
    rmSync(join(base, String(lower)), { force: true });
  }
}

function show(dir: string, number: number): void {
  const temporary = join(dir, 'lock.sock.tmp');
  rmSync(temporary, { force: true });
  symlinkSync(join('lock', String(number)), temporary);
  renameSync(temporary, join(dir, 'lock.sock'));
}

function alreadyRunning(dir: string, pid: string): Problem {
  const who = /^\d{1,10}$/.test(pid) ? `another abide, pid ${pid},` : 'another abide that does not answer';
  return new Problem(
    'already_running',
    `${who} runs on ${dir}; stop it first, or give this one a state.dir of its own`,
    { retry: 'never' },
  );
}

function unusable(dir: string, cause: unknown): Problem {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Problem('socket_unusable', `the lock in ${dir} cannot be taken: ${why}`, { cause });
}
