import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkTrustedPath } from '../../src/config/check-path.ts';

const uid = process.getuid?.() ?? 0;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-path-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function file(name: string, mode = 0o644): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, 'key');
  await chmod(path, mode);
  return path;
}

test('a file of ours below a sticky directory passes', async () => {
  expect(await checkTrustedPath(await file('a'), uid)).toBeNull();
});

test('a file that others may write, or that is not there, or no file, does not', async () => {
  expect(await checkTrustedPath(await file('a', 0o666), uid)).toMatch(
    /can be changed by others: .*a has mode 666/,
  );
  expect(await checkTrustedPath(await file('b', 0o664), uid)).toMatch(/mode 664/);
  expect(await checkTrustedPath(join(dir, 'none'), uid)).toMatch(/does not exist/);
  expect(await checkTrustedPath(dir, uid)).toMatch(/is not a file/);
});

test('a directory on the path that others may write spoils it, unless it is sticky', async () => {
  const path = await file('a');
  await chmod(dir, 0o777);
  expect(await checkTrustedPath(path, uid)).toMatch(/mode 777/);
  await chmod(dir, 0o1777);
  expect(await checkTrustedPath(path, uid)).toBeNull();
});

test('a link is followed, and what it leads through is judged too', async () => {
  await mkdir(join(dir, 'open'));
  await writeFile(join(dir, 'open', 'key'), 'k');
  await symlink('open/key', join(dir, 'link'));
  expect(await checkTrustedPath(join(dir, 'link'), uid)).toBeNull();
  await chmod(join(dir, 'open'), 0o777);
  expect(await checkTrustedPath(join(dir, 'link'), uid)).toMatch(/open has mode 777/);
});

test('links in a circle end', async () => {
  await symlink('b', join(dir, 'a'));
  await symlink('a', join(dir, 'b'));
  expect(await checkTrustedPath(join(dir, 'a'), uid)).toMatch(/more than 40 symbolic links/);
});

test.runIf(uid === 0)('a component that another user owns spoils the path', async () => {
  const path = await file('a');
  await chown(path, 12345, 0);
  expect(await checkTrustedPath(path, uid)).toMatch(/can be changed by user 12345/);
});
