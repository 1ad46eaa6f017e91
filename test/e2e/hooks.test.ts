import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;
let dir = '';

/** Notes each run; then does what the file named after it says: fail with a code, or take so many seconds. */
const hook = `#!/bin/sh
echo "$ABIDE_HOOK $ABIDE_OUTCOME $ABIDE_REASON $ABIDE_COMMIT" >> "$LAB/begun"
env | grep -v '^ABIDE_' > "$LAB/others"
echo "$ABIDE_HOOK speaks"
test ! -e "$LAB/slow-$ABIDE_HOOK" || sleep 1
test ! -e "$LAB/hang-$ABIDE_HOOK" || { trap '' TERM; while :; do sleep 0.2; done; }
test ! -e "$LAB/fail-$ABIDE_HOOK" || exit 7
echo "$ABIDE_HOOK $ABIDE_COMMIT" >> "$LAB/ended"
`;

beforeAll(async () => {
  lab = await createLab({
    config: (own) => {
      const command = ['/bin/sh', join(own, 'hook.sh')];
      return { hooks: { preActivate: command, postCommit: command, postRollback: command, timeout: '2s' } };
    },
  });
  dir = lab.dir;
  await writeFile(join(dir, 'hook.sh'), hook.replaceAll('$LAB', dir));
  await lab.daemon.start();
});

afterAll(async () => {
  await lab.remove();
});

const journalFile = () => join(dir, 'state/journal.json');
const facts = (): Facts => (JSON.parse(readFileSync(journalFile(), 'utf8')) as { facts: Facts }).facts;
const lines = (name: string) =>
  existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8').trim().split('\n') : [];
const begun = (start: string, commit: string) =>
  lines('begun').filter((line) => line.startsWith(start) && line.endsWith(commit)).length;
const order = (name: string) => writeFile(join(dir, name), '');
const revoke = (name: string) => rm(join(dir, name));
const settled = () => expect.poll(() => facts().pendingHooks, { timeout: 10_000 }).toEqual([]);

test('a deployment asks before and tells after, once each, and its output is in the log', async () => {
  const commit = await lab.deploy('one');
  await settled();
  expect(lines('begun')).toEqual([`preActivate   ${commit}`, `postCommit committed Succeeded ${commit}`]);
  expect(lab.daemon.log()).toContain('postCommit speaks');
  expect(lines('others').map((line) => line.split('=')[0])).toEqual(
    expect.arrayContaining(['PATH', 'HOME', 'LANG']),
  );
  expect(lines('others').join()).not.toContain('NIX_');
});

test('a commit that the hook does not let pass waits, and is never a failure', async () => {
  const before = await lab.host.current();
  await order('fail-preActivate');
  const commit = await lab.release('held');
  const status = await lab.daemon.until('waiting', ({ waiting }) => waiting?.gate === 'hook');
  expect(status).toMatchObject({ summary: 'Waiting', state: 'gating', failure: null, deployment: null });
  expect(status.waiting?.reason).toBe(
    'hooks.preActivate does not let it pass: exit code 7: preActivate speaks',
  );
  expect(await lab.host.current()).toBe(before);
  expect(processesWith(join(lab.host.root, 'run/abide-deadman'))).toEqual([]);
  await revoke('fail-preActivate');
  await lab.deploy('let through');
  expect(begun('postCommit', commit)).toBe(0);
});

test('a rollback runs its hook, whose failure is an event and nothing else', async () => {
  await order('fail-postRollback');
  const commit = await lab.release('broken', 'activateExit = 2;');
  await lab.daemon.until('undone', ({ lastDeployment }) => lastDeployment?.commit === commit);
  await settled();
  expect(begun('postRollback rolled_back ActivationFailed', commit)).toBe(1);
  const events = await lab.daemon.cli('events', '--json');
  expect(events.stdout).toContain('exit code 7: postRollback speaks');
  expect(events.stdout).toContain('hook.failed');
  const status = await lab.daemon.status();
  expect(status.lastDeployment).toMatchObject({ commit, outcome: 'rolled_back' });
  await revoke('fail-postRollback');
});

test('a hook that hangs holds no later commit up, is ended at its limit, and is said so', async () => {
  await lab.deploy('before the hang');
  await settled();
  await order('hang-postCommit');
  await lab.deploy('hangs');
  const next = await lab.release('after the hang');
  const status = await lab.daemon.until('next', ({ lastDeployment }) => lastDeployment?.commit === next);
  expect(status.lastDeployment?.outcome).toBe('committed');
  await revoke('hang-postCommit');
  await expect.poll(() => begun('postCommit', next), { timeout: 20_000 }).toBe(1);
  await settled();
  expect(lab.daemon.log()).toContain('it did not end within hooks.timeout');
  expect(processesWith(join(dir, 'hook.sh'))).toEqual([]);
});

/** The daemon is killed as soon as the journal owes a hook, whether that was begun by then or not. */
test('kill -9 between the commit and the end of its hook loses no hook and runs none twice', async () => {
  await order('slow-postCommit');
  for (const note of ['killed once', 'killed twice', 'killed thrice']) {
    const commit = await lab.release(note);
    await expect
      .poll(() => facts().pendingHooks.some((owed) => owed.commit === commit), {
        timeout: 30_000,
        interval: 2,
      })
      .toBe(true);
    await lab.daemon.kill();
    expect(facts().expected?.commit).toBe(commit);
    await lab.daemon.start();
    await settled();
    expect(begun('postCommit committed', commit)).toBe(1);
    expect(lines('ended').filter((line) => line === `postCommit ${commit}`)).toHaveLength(1);
  }
  await revoke('slow-postCommit');
});

test('a hook that was owed and not begun when the host went down runs at the next start', async () => {
  const commit = await lab.deploy('owed');
  await settled();
  await lab.daemon.stop();
  const journal = JSON.parse(await readFile(journalFile(), 'utf8')) as { facts: Facts };
  const owed = { hook: 'postCommit', deployment: 'd-unbegun', commit, environment: { ABIDE_HOOK: 'owed' } };
  await writeFile(
    journalFile(),
    JSON.stringify({ ...journal, facts: { ...journal.facts, pendingHooks: [owed] } }),
  );
  await lab.daemon.start();
  await settled();
  expect(lines('begun').at(-1)).toBe('owed');
  expect(lines('begun').filter((line) => line.startsWith('owed'))).toHaveLength(1);
});
