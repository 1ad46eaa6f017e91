import { readFile, readdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';
import { carrying, unitText } from './own-system.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
  await lab.daemon.start();
  await lab.deploy('first');
  await lab.deploy('carries abide', carrying(lab));
});
afterAll(() => lab.remove());

/** Dead-men that were ever armed, by their deployments. */
const armed = () => readdir(join(lab.host.root, 'run/abide-deadman'));

/** Held back at the gate, with nothing of the host touched; gives the reason. */
const heldBack = async (note: string, more = '') => {
  const before = await lab.host.current();
  const deadMen = await armed();
  const commit = await lab.release(note, more);
  const status = await lab.daemon.until(
    note,
    ({ desired, waiting }) => desired?.commit === commit && waiting?.gate === 'removal',
  );
  expect(await lab.host.current()).toBe(before);
  expect(status).toMatchObject({ summary: 'Waiting', state: 'gating', deployment: null, failure: null });
  expect(await armed()).toEqual(deadMen);
  return { commit, status, reason: status.waiting?.reason ?? '' };
};
const activated = ({ conditions }: HostStatus) => conditions.find(({ type }) => type === 'Activated');

test('a system without abide is not gone back to by hand, and nothing of the wish stays', async () => {
  const asked = await lab.daemon.cli('rollback', '--reason', 'as it was');
  expect(asked).toMatchObject({ exitCode: 1, stdout: '' });
  const plain = asked.stderr.replaceAll(/\s+/g, ' ');
  expect(plain).toContain('has no abide.service: abide would be gone from this host');
  expect(plain).toContain('activate.allowRemovingAbide: true');
  expect(await lab.daemon.status()).toMatchObject({ summary: 'InSync', suspended: null, quarantine: [] });
});

describe('a commit after which abide would not run on the host', () => {
  test('waits for consent, says why, and the next commit clears it', async () => {
    const { commit, status, reason } = await heldBack('without abide');
    expect(reason).toContain('the new system has no abide.service: abide would be gone from this host');
    expect(activated(status)).toMatchObject({ status: 'False', message: expect.stringContaining(reason) });
    const { stdout } = await lab.daemon.cli('why', commit);
    const plain = stdout.replaceAll(/\s+/g, ' ');
    expect(plain).toContain(reason);
    expect(plain).toContain('activate.allowRemovingAbide: true');
    await lab.deploy('carries abide again', carrying(lab, {}));
  });

  test.each([
    ['masks the unit', 'abideUnit = "masked";', 'masks abide.service'],
    ['starts it no more', 'abideWanted = false;', 'has nothing that starts abide.service'],
  ])('%s', async (note, more, why) => {
    const brought = note === 'starts it no more' ? carrying(lab) : '';
    expect((await heldBack(note, `${brought} ${more}`)).reason).toContain(why);
  });

  test('brings a configuration that its own abide refuses: the error is shown', async () => {
    const wrong = await heldBack('typing error', carrying(lab, { helth: {} }));
    expect(wrong.reason).toMatch(
      /the abide of the new system refuses its configuration: .*helth: unknown key; did you mean health/,
    );
    const { lastDeployment } = wrong.status;
    expect(lastDeployment?.commit).not.toBe(wrong.commit);
  });

  test('brings an abide that does not work at all, or no configuration', async () => {
    const bad = join(lab.dir, 'bad.sh');
    await writeFile(bad, 'echo "no such library" >&2; exit 127\n');
    const program = await heldBack('bad program', carrying(lab, {}, unitText(lab, `/bin/sh ${bad}`)));
    expect(program.reason).toContain(
      'ended with exit code 127 when its configuration was checked: no such library',
    );
    const unit = unitText(lab).replaceAll('\n', '\\n');
    const none = await heldBack('no config', `abideUnit = "${unit}";`);
    expect(none.reason).toContain('there is no such file in that system');
  });

  test('is held back on a testing branch too, and main goes on', async () => {
    const main = await lab.deploy('main', carrying(lab, {}));
    await lab.infra.git('checkout', '--quiet', '-b', 'testing-alpha');
    await heldBack('testing without abide');
    await lab.infra.git('checkout', '--quiet', 'main');
    await lab.infra.git('branch', '--quiet', '-D', 'testing-alpha');
    await lab.daemon.until(
      'main again',
      ({ desired, summary }) => desired?.commit === main && summary === 'InSync',
    );
  });

  test('is activated once a person confirms it, and not the next one', async () => {
    const { commit } = await heldBack('broken by consent', carrying(lab, { helth: {} }));
    const { exitCode, stdout } = await lab.daemon.cli('confirm', commit.slice(0, 8));
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(commit.slice(0, 8))]);
    const status = await lab.daemon.until('confirmed', ({ summary }) => summary === 'InSync');
    // An abide that cannot start cannot commit: the one that is there does, and goes on.
    expect(status.lastDeployment).toMatchObject({ commit, outcome: 'committed', abide: 'broken' });
    await heldBack('without abide again');
    await lab.deploy('works again', carrying(lab));
  });

  test('is activated by consent; the old abide commits it and ends, and keeps nothing from collection', async () => {
    await lab.daemon.stop();
    const hooked = join(lab.dir, 'hooked');
    const hooks = { postCommit: ['/bin/sh', '-c', `sleep 1; echo "$ABIDE_COMMIT" > ${hooked}`] };
    const allowed = { ...lab.daemon.config, activate: { allowRemovingAbide: true }, hooks };
    await writeFile(lab.daemon.configFile, JSON.stringify(allowed));
    await lab.daemon.start();
    const commit = await lab.release('gone');
    await expect.poll(() => lab.daemon.hasEnded(), { timeout: 60_000 }).toBe(true);
    expect(await lab.daemon.stop()).toBe(0);
    expect(lab.daemon.log()).toContain('this daemon ends for good');
    expect((await readFile(hooked, 'utf8')).trim()).toBe(commit);
    const current = await lab.host.current();
    expect(await lab.host.bootDefault()).toBe(current);
    expect(existsSync(join(current ?? '', 'etc/systemd/system/abide.service'))).toBe(false);
    expect(existsSync(lab.daemon.socket)).toBe(false);
    expect(await readdir(join(lab.dir, 'nix/state/gcroots/abide'))).toEqual([]);
    await lab.daemon.start();
    const { lastDeployment } = await lab.daemon.status();
    expect(lastDeployment).toMatchObject({ commit, outcome: 'committed', abide: 'removed' });
  });
});
