import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git } from '../../harness/git-repository.ts';
import { createGpgKeyring, type GpgKey, type GpgKeyring } from '../../harness/gpg-keyring.ts';
import { armorTwin, withSignature } from '../../harness/signing.ts';
import { createQuickKey } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectRefused } from './expect-refused.ts';
import { branchOf, createTrustLab, type TrustLab } from './trust-lab.ts';

const ada = createQuickKey();
const tess = createQuickKey();
let dir: string;
let gpg: GpgKeyring;
let bob: GpgKey;
let lab: TrustLab;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'abide-r-'));
  gpg = createGpgKeyring(join(dir, 'g'));
  bob = gpg.create('Bob <bob@example.org>');
  writeFileSync(join(dir, 'bob.asc'), gpg.publicKeys(bob));
  lab = await createTrustLab({
    trust: {
      signers: [
        { name: 'ada', sshKey: ada.publicKey },
        { name: 'tess', sshKey: tess.publicKey },
        { name: 'bob', gpgKeyFile: join(dir, 'bob.asc'), gpgFingerprint: bob.fingerprint },
      ],
      branches: { main: { signers: ['ada', 'bob'] } },
    },
  });
  await lab.daemon.start();
  await lab.deploy('good', lab.commit('one', ada.sign));
  await lab.deploy('evil', lab.commit('two', ada.sign));
  await lab.deploy('evil', lab.commit('three', ada.sign));
});

afterAll(async () => {
  await lab.remove();
  gpg.close();
  rmSync(dir, { recursive: true, force: true });
});

const parentOf = (commit: string) => git(lab.workshop, 'rev-parse', `${commit}^`);

/** What a remote offers now is of no consequence. */
async function expectIgnored(head: string, expected: Readonly<Record<string, unknown>>): Promise<void> {
  const evaluations = await lab.evaluations();
  lab.publish('evil', head);
  await lab.verdictOn('evil', head);
  const status = await lab.daemon.until('peace', ({ summary }) => summary === 'InSync');
  expect(branchOf(status, 'evil')).toMatchObject({ head, candidate: null, ...expected });
  expect(status).toMatchObject({ floor: lab.floor, desired: { commit: lab.floor } });
  expect(await lab.evaluations()).toBe(evaluations);
}

describe('a remote that goes back', () => {
  test('to an older signed commit is a lagging mirror', async () => {
    await expectIgnored(parentOf(lab.floor), { relation: 'behind', verdict: 'accepted' });
  });

  test('and then offers a signed sibling of what runs is refused, also after a restart', async () => {
    const sideways = lab.commit('sideways', ada.sign, { parents: [parentOf(lab.floor)] });
    const refused = { relation: 'rewritten', verdict: 'rejected', reason: 'rewritten' };
    await expectIgnored(sideways, refused);
    await lab.restart();
    await lab.daemon.until('good again', ({ remotes }) => remotes.every(({ main }) => main?.verdict));
    await expectIgnored(sideways, refused);
    await expectIgnored(parentOf(lab.floor), { relation: 'behind', verdict: 'accepted' });
    await lab.restart();
    await expectIgnored(lab.commit('sideways again', ada.sign, { parents: [parentOf(lab.floor)] }), refused);
  });

  test('is refused when the sibling stands where it had stood before', async () => {
    const evaluations = await lab.evaluations();
    const root = lab.commit('a new beginning', ada.sign, { parents: [] });
    lab.publish('good', root);
    const status = await lab.verdictOn('good', root);
    expect(branchOf(status, 'good')).toMatchObject({ reason: 'rewritten', candidate: null });
    expect(await lab.evaluations()).toBe(evaluations);
    lab.publish('good', lab.floor);
    await lab.verdictOn('good', lab.floor);
  });
});

describe('two remotes', () => {
  const bothAre = async (evil: string, good: string) => {
    lab.publish('evil', evil);
    lab.publish('good', good);
    await lab.verdictOn('evil', evil);
    return lab.verdictOn('good', good);
  };

  test('of which the first lags give the newest commit', async () => {
    const one = lab.commit('a step', ada.sign);
    const two = lab.commit('two steps', bob.sign, { parents: [one] });
    expect(await lab.daemon.cli('suspend', '--reason', 'both first')).toMatchObject({ exitCode: 0 });
    await bothAre(one, two);
    await lab.daemon.cli('resume');
    const status = await lab.until(two);
    expect(status.desired).toMatchObject({ remote: 'good', signer: { kind: 'gpg', name: 'bob' } });
    expect(branchOf(status, 'evil')).toMatchObject({ relation: 'behind', verdict: 'accepted' });
  });

  test('of which the first offers what nobody signed give what the second has', async () => {
    lab.publish('evil', lab.commit('unsigned', null));
    await lab.deploy('good', lab.commit('signed', ada.sign));
  });

  test('that have diverged give what the first has, and say so', async () => {
    const left = lab.commit('left', ada.sign);
    const right = lab.commit('right', bob.sign);
    expect(await lab.daemon.cli('suspend', '--reason', 'both first')).toMatchObject({ exitCode: 0 });
    const status = await bothAre(left, right);
    expect(status.desired?.commit).toBe(left);
    expect(status.conditions.find(({ type }) => type === 'SourceTrusted')).toMatchObject({
      reason: 'Diverged',
    });
    await lab.daemon.cli('resume');
    const after = await lab.until(left);
    expect(branchOf(after, 'good')).toMatchObject({ head: right, candidate: null });
    await lab.deploy('good', lab.commit('both', ada.sign, { parents: [left, right] }));
  });

  test('of which one loses its branch, or has a directory there, go on with the other', async () => {
    lab.publish('evil', null);
    await lab.daemon.until('gone', (status) => branchOf(status, 'evil')?.relation === 'missing');
    await lab.deploy('good', lab.commit('without the other', ada.sign));
    mkdirSync(join(lab.repository('evil'), 'refs/heads/main'));
    lab.publish('evil', lab.floor, 'main/below');
    const next = lab.commit('still without', ada.sign);
    await lab.deploy('good', next);
    expect(branchOf(await lab.daemon.status(), 'evil')).toMatchObject({ head: null, candidate: null });
    rmSync(join(lab.repository('evil'), 'refs/heads/main'), { recursive: true });
    await expectDeployed(lab, lab.commit('back', ada.sign), 'ada');
  });
});

describe('a twin of the commit that runs', () => {
  test('cannot keep the host from the successor of the original, also after a restart', async () => {
    const payload = lab.payload('the original');
    const signature = bob.sign(payload);
    const original = lab.write(withSignature(payload, signature));
    const twin = lab.write(withSignature(payload, armorTwin(signature)));
    expect(twin).not.toBe(original);
    await expectDeployed(lab, twin, 'bob');
    await lab.restart();
    const status = await lab.daemon.until('an answer', ({ remotes }) =>
      remotes.every(({ up }) => up === true),
    );
    expect(status.floor).toBe(twin);
    const evaluations = await lab.evaluations();
    lab.publish('good', original);
    await lab.verdictOn('good', original);
    const seen = await lab.daemon.until('peace', ({ summary }) => summary === 'InSync');
    expect(branchOf(seen, 'good')?.verdict).toBe('accepted');
    expect(seen).toMatchObject({ floor: twin, desired: { commit: twin } });
    expect(await lab.evaluations()).toBe(evaluations);
    await lab.deploy('good', lab.commit('the successor', ada.sign, { parents: [original] }));
  });
});

describe('testing', () => {
  const testing = 'testing-alpha';
  let first: string;
  let second: string;

  const offered = async (head: string, expected: Readonly<Record<string, unknown>>) => {
    const evaluations = await lab.evaluations();
    const { desired } = await lab.daemon.status();
    lab.publish('evil', head, testing);
    const status = await lab.verdictOn('evil', head, 'testing');
    expect(branchOf(status, 'evil', 'testing')).toMatchObject({ head, ...expected });
    expect(status).toMatchObject({ floor: lab.floor, desired: { commit: desired?.commit } });
    expect(await lab.evaluations()).toBe(evaluations);
  };

  test('signers deploy to testing, which never moves the floor', async () => {
    first = lab.commit('trial', tess.sign);
    lab.publish('good', first, testing);
    const status = await lab.until(first);
    expect(status).toMatchObject({ floor: lab.floor, desired: { testing: true, signer: { name: 'tess' } } });
  });

  test('signers do not deploy to main', async () => {
    lab.publish('good', null, testing);
    await lab.until(lab.floor);
    await expectRefused(lab, lab.commit('teleport', tess.sign), { reason: 'signer_not_allowed' });
    await expectRefused(lab, first, { reason: 'signer_not_allowed' });
  });

  test('commits that nobody signed, or that stand not on main, are not tried', async () => {
    await offered(lab.commit('unsigned trial', null), { verdict: 'rejected', reason: 'unsigned' });
    await offered(lab.commit('aside', tess.sign, { parents: [parentOf(lab.floor)] }), { candidate: null });
  });

  test('commits that others have superseded do not come back', async () => {
    lab.publish('evil', null, testing);
    second = lab.commit('second trial', tess.sign);
    lab.publish('good', first, testing);
    await lab.until(first);
    lab.publish('good', second, testing);
    await lab.until(second);
    const evaluations = await lab.evaluations();
    lab.publish('good', first, testing);
    const status = await lab.verdictOn('good', first, 'testing');
    expect(branchOf(status, 'good', 'testing')).toMatchObject({ verdict: 'rejected', reason: 'replayed' });
    const after = await lab.until(lab.floor);
    expect(after.desired?.testing).toBe(false);
    expect(await lab.evaluations()).toBeLessThanOrEqual(evaluations + 1);
  });

  test('commits come back when the policy lets them', async () => {
    const { trust } = lab.config() as { trust: { branches: object } };
    await lab.reconfigure({
      trust: { ...trust, branches: { ...trust.branches, testing: { allowReplay: true } } },
    });
    await lab.until(first);
    lab.publish('good', null, testing);
    await lab.until(lab.floor);
  });
});
