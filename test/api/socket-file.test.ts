import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findGroup } from '../../src/api/group.ts';
import { createFakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { send } from './raw-request.ts';

const isRoot = process.getuid?.() === 0;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-socket-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the socket', () => {
  test.runIf(isRoot)('belongs to its group with mode 0660, in a directory others may enter', async () => {
    const group = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([, , id]) => id !== '0');
    const umask = process.umask(0o077);
    const daemon = await startFakeDaemon({
      socket: join(dir, 'made', 'abide.sock'),
      group: group?.[0] ?? '',
    });
    process.umask(umask);
    expect(modeOf(daemon.socket)).toBe(0o660);
    expect(statSync(daemon.socket).gid).toBe(Number(group?.[2]));
    expect(modeOf(join(dir, 'made'))).toBe(0o755);
    expect(daemon.warnings).toEqual([]);
    await daemon.close();
  });

  test('is for its owner alone when there is no such group, and the log says so', async () => {
    const daemon = await startFakeDaemon({ group: 'no-such-group-here' });
    expect(modeOf(daemon.socket)).toBe(0o600);
    expect(daemon.warnings).toEqual([
      'no group no-such-group-here in /etc/group: only this user may use the control socket',
    ]);
    await daemon.close();
  });

  test.runIf(isRoot)('turns away a user outside of the group', async () => {
    const daemon = await startFakeDaemon({ socket: join(dir, 'x', 'abide.sock'), group: 'root' });
    execFileSync('chmod', ['755', dir]);
    const script = `require('net').connect(${JSON.stringify(daemon.socket)}).on('error', (e) => process.exit(e.code === 'EACCES' ? 7 : 1)).on('connect', () => process.exit(0))`;
    const child = spawn(process.execPath, ['-e', script], {
      uid: 65_534,
      gid: 65_534,
      stdio: 'ignore',
      cwd: '/',
    });
    expect(await once(child, 'exit')).toEqual([7, null]);
    await daemon.close();
  });

  test('leaves the umask as it was', async () => {
    const umask = process.umask();
    const daemon = await startFakeDaemon();
    expect(process.umask()).toBe(umask);
    await daemon.close();
  });

  test('goes when the server closes', async () => {
    const daemon = await startFakeDaemon({ socket: join(dir, 'abide.sock') });
    await daemon.server.close();
    expect(existsSync(daemon.socket)).toBe(false);
    await daemon.close();
  });
});

describe('a socket path that exists', () => {
  test('is replaced when nobody serves it', async () => {
    const path = join(dir, 'abide.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    const dead = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    await once(dead, 'exit');
    expect(existsSync(path)).toBe(true);
    const daemon = await startFakeDaemon({ socket: path });
    expect((await send({ socket: path })).status).toBe(200);
    await daemon.close();
  });

  test('is left to the process that serves it', async () => {
    const first = await startFakeDaemon({ socket: join(dir, 'abide.sock') });
    const second = createFakeDaemon({ socket: first.socket });
    await expect(second.server.listen()).rejects.toMatchObject({ name: 'Problem', code: 'socket_in_use' });
    expect((await send({ socket: first.socket })).status).toBe(200);
    await first.close();
    await second.server.listen();
    expect((await send({ socket: first.socket })).status).toBe(200);
    await second.close();
  });

  test.each(['file', 'directory', 'link'])('is left alone when it is a %s', async (kind) => {
    const path = join(dir, 'abide.sock');
    if (kind === 'file') writeFileSync(path, 'precious');
    if (kind === 'directory') mkdirSync(path);
    if (kind === 'link') symlinkSync('/nowhere', path);
    const daemon = createFakeDaemon({ socket: path });
    await expect(daemon.server.listen()).rejects.toMatchObject({
      code: 'socket_unusable',
      message: expect.stringContaining(`${path} is not a socket`),
    });
    if (kind === 'file') expect(readFileSync(path, 'utf8')).toBe('precious');
    await daemon.close();
  });

  test.each([
    ['too long', () => join(dir, 'x'.repeat(120)), /has \d+ bytes, a socket's path at most 107/],
    ['not absolute', () => 'abide.sock', /is not an absolute path/],
    ['below a file', () => '/etc/hostname/abide.sock', /has no directory/],
  ])('is refused with a reason when it is %s', async (_what, path, reason) => {
    const daemon = createFakeDaemon({ socket: path() });
    await expect(daemon.server.listen()).rejects.toMatchObject({
      code: 'socket_unusable',
      message: expect.stringMatching(reason),
    });
    await daemon.close();
  });
});

describe('a group', () => {
  test('is found by name or taken as a number', () => {
    const file = join(dir, 'group');
    writeFileSync(file, 'root:x:0:\nabide:x:991:alice\n');
    expect(findGroup('abide', file)).toBe(991);
    expect(findGroup('42', file)).toBe(42);
    expect(findGroup('abid', file)).toBeNull();
    expect(findGroup('abide', join(dir, 'missing'))).toBeNull();
  });
});
