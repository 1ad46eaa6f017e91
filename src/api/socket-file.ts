import { chmodSync, chownSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { dirname, isAbsolute } from 'node:path';
import { Problem } from '../domain/problem.ts';
import type { Log } from '../domain/log.ts';
import { findGroup } from './group.ts';

// sun_path of Linux holds 108 bytes with the end mark.
const longestPath = 107;

/** Where the socket lies and who besides its owner may use it. */
export interface SocketFile {
  readonly path: string;
  readonly group: string;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/**
 * Binds `server` to the path; the socket is 0600 from its first moment and gets its group and 0660 only then. A socket
 * that nobody serves is replaced. Throws Problem `socket_in_use` for one that somebody serves and `socket_unusable` for
 * everything else; a file or directory in the way is never removed.
 */
export async function bindSocket(server: Server, file: SocketFile): Promise<void> {
  checkPath(file.path);
  makeParent(file.path);
  await clearPath(file.path);
  await listen(server, file.path);
  openToGroup(file);
}

function checkPath(path: string): void {
  if (!isAbsolute(path)) throw unusable(path, 'is not an absolute path; set api.socket to one');
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPath) return;
  throw unusable(
    path,
    `has ${bytes} bytes, a socket's path at most ${longestPath}; set api.socket to a shorter one`,
  );
}

function makeParent(path: string): void {
  const parent = dirname(path);
  try {
    // The daemon's umask must not lock the group out of a directory made for it.
    if (mkdirSync(parent, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(parent, 0o755);
  } catch (cause) {
    throw unusable(path, `has no directory, and making ${parent} failed: ${messageOf(cause)}`, cause);
  }
}

async function clearPath(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw unusable(path, 'is not a socket; it is left alone: move it away or set api.socket to another path');
  }
  if (await isServed(path)) {
    throw new Problem(
      'socket_in_use',
      `${path} is served by another process; stop it or set api.socket to another path`,
    );
  }
  unlinkSync(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(unusable(path, `cannot be tried: ${error.message}`, error));
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(unusable(path, `cannot be bound: ${error.message}`, error));
    server.once('error', failed);
    // Bound within the call, so that nothing else is created under this umask.
    const before = process.umask(0o177);
    try {
      server.listen({ path, backlog: 511 }, () => {
        server.off('error', failed);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

function openToGroup({ path, group, log }: SocketFile): void {
  const id = findGroup(group);
  if (id === null) {
    log.warn(
      { socket: path, group },
      `no group ${group} in /etc/group: only this user may use the control socket`,
    );
    return;
  }
  try {
    chownSync(path, process.geteuid?.() ?? -1, id);
    chmodSync(path, 0o660);
  } catch (error) {
    log.warn({ socket: path, group }, `the control socket stays with this user: ${messageOf(error)}`);
  }
}

function unusable(path: string, why: string, cause?: unknown): Problem {
  return new Problem('socket_unusable', `${path} ${why}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
