import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createQuickKey, type SshKey } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectRefused } from './expect-refused.ts';
import { branchOf, createTrustLab, type TrustLab, type TrustLabOptions } from './trust-lab.ts';

const ada = createQuickKey();
const ben = createQuickKey();
const policy = (...keys: readonly SshKey[]) => ({
  signers: keys.map(({ publicKey }, index) => ({ name: `key-${index + 1}`, sshKey: publicKey })),
});
let lab: TrustLab;

afterEach(() => lab.remove());

async function start(options: TrustLabOptions): Promise<void> {
  lab = await createTrustLab(options);
  await lab.daemon.start();
  await lab.deploy('good', lab.commit('honest', ada.sign));
}

test('a host that slept through two changes of keys walks through both', async () => {
  const keys = [createQuickKey(), createQuickKey(), createQuickKey()] as const;
  const [one, two, three] = keys;
  lab = await createTrustLab({ trust: policy(one) });
  await lab.daemon.start();
  await lab.deploy('good', lab.commit('before sleep', one.sign));
  await lab.daemon.stop();
  const first = lab.commit('the second key comes', one.sign);
  const second = lab.commit('the third key comes', two.sign, { parents: [first] });
  const third = lab.commit('now', three.sign, { parents: [second] });
  lab.publish('good', third);
  await lab.daemon.start();
  const waiting = await lab.until(first);
  expect(branchOf(waiting, 'good')).toMatchObject({
    verdict: 'rejected',
    reason: 'unknown_key',
    candidate: first,
  });
  await lab.reconfigure({ trust: policy(two) });
  await lab.until(second);
  await lab.reconfigure({ trust: policy(three) });
  const status = await lab.until(third);
  expect(branchOf(status, 'good')).toMatchObject({ verdict: 'accepted', reason: null, candidate: third });
});

describe('keys in files', () => {
  const allowed = () => join(lab.dir, 'allowed-signers');
  const revoked = () => join(lab.dir, 'revoked-keys');

  beforeEach(async () => {
    lab = await createTrustLab({ trust: { mode: 'none' } });
    writeFileSync(allowed(), `ada ${ada.publicKey}\nben ${ben.publicKey}\n`);
    writeFileSync(revoked(), '');
    await lab.daemon.start();
    await lab.reconfigure({ trust: { allowedSignersFile: allowed(), revokedKeysFile: revoked() } });
    await lab.deploy('good', lab.commit('honest', ada.sign));
  });

  test('are read again: a commit that has not run loses its signer, and gets one', async () => {
    await lab.daemon.cli('suspend', '--reason', 'not yet');
    const head = lab.commit('by ben', ben.sign);
    lab.publish('evil', head);
    await lab.daemon.until('desired', ({ desired }) => desired?.commit === head);
    const evaluations = await lab.evaluations();
    writeFileSync(allowed(), `ada ${ada.publicKey}\n`);
    const dropped = await lab.daemon.until('dropped', ({ desired }) => desired?.commit === lab.floor);
    expect(branchOf(dropped, 'evil')).toMatchObject({ head, verdict: 'rejected', reason: 'unknown_key' });
    writeFileSync(allowed(), `ada ${ada.publicKey}\nben ${ben.publicKey}\n`);
    await lab.daemon.until('desired again', ({ desired }) => desired?.commit === head);
    writeFileSync(revoked(), `${ben.publicKey}\n`);
    const lost = await lab.daemon.until('revoked', ({ desired }) => desired?.commit === lab.floor);
    expect(branchOf(lost, 'evil')).toMatchObject({ head, verdict: 'rejected', reason: 'revoked_key' });
    await lab.daemon.cli('resume');
    await lab.deploy('good', lab.commit('by ada', ada.sign));
    expect(await lab.evaluations()).toBe(evaluations + 1);
  });

  test.each(['allowed-signers', 'revoked-keys'])('%s is needed at the start', async (name) => {
    await lab.daemon.stop();
    rmSync(join(lab.dir, name));
    await expect(lab.daemon.start()).rejects.toThrow(name);
  });
});

describe('what was deployed', () => {
  const state = (name: string) => join(lab.dir, 'state', name);

  test('is known from the witness when the journal is lost or torn, so nothing older comes back', async () => {
    await start({ trust: policy(ada) });
    const old = lab.floor;
    await lab.deploy('good', lab.commit('newer', ada.sign));
    const torn = readFileSync(state('journal.json')).subarray(0, 100);
    for (const damage of [
      () => rmSync(state('journal.json')),
      () => writeFileSync(state('journal.json'), torn),
    ]) {
      await lab.daemon.stop();
      damage();
      lab.publish('good', old);
      lab.publish('evil', lab.commit('sideways', ada.sign, { parents: [old] }));
      await lab.daemon.start();
      const status = await lab.verdictOn('good', old);
      expect(branchOf(status, 'good')).toMatchObject({ relation: 'behind', candidate: null });
      const judged = await lab.daemon.until('a verdict', (now) => {
        return branchOf(now, 'evil')?.verdict != null && now.summary === 'InSync';
      });
      expect(branchOf(judged, 'evil')?.candidate).toBeNull();
      expect(judged).toMatchObject({ floor: lab.floor, desired: { commit: lab.floor } });
    }
    await lab.deploy('good', lab.commit('newest', ada.sign));
  });

  test('is looked for at the anchor when the rest is lost', async () => {
    await start({ trust: policy(ada) });
    const anchor = lab.floor;
    const old = lab.commit('from before', ada.sign, { parents: [] });
    await lab.reconfigure({ trust: { ...policy(ada), anchor } });
    await lab.daemon.stop();
    for (const name of ['journal.json', 'witness.json']) rmSync(state(name));
    lab.publish('evil', old);
    await lab.daemon.start();
    const status = await lab.verdictOn('evil', old);
    expect(branchOf(status, 'evil')?.candidate).toBeNull();
    expect(status.floor).toBe(anchor);
    await lab.deploy('good', lab.commit('newer', ada.sign));
  });

  test('is not guessed when all is lost: accept takes a commit that is signed, and no other', async () => {
    await start({ trust: policy(ada) });
    await lab.daemon.stop();
    for (const name of ['journal.json', 'witness.json']) rmSync(state(name));
    for (const link of ['current-system', 'booted-system'])
      rmSync(join(lab.host.root, 'run', link), { force: true });
    rmSync(lab.host.profile, { force: true });
    const below = lab.commit('signed', ada.sign);
    const unsigned = lab.commit('unsigned', null, { parents: [below] });
    lab.publish('good', unsigned);
    await lab.daemon.start();
    await lab.daemon.until(
      'held',
      ({ summary, remotes }) => summary === 'Unknown' && remotes[1]?.up === true,
    );
    const refused = await lab.daemon.cli('accept', unsigned, '--reason', 'please');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/sign/) });
    const nowhere = lab.commit('offered by nobody', ada.sign);
    expect((await lab.daemon.cli('accept', nowhere, '--reason', 'please')).exitCode).toBe(1);
    expect(await lab.evaluations()).toBe(0);
    expect(await lab.daemon.cli('accept', below, '--reason', 'restored')).toMatchObject({ exitCode: 0 });
    const status = await lab.until(below);
    expect(status.floor).toBe(below);
  });
});

describe('a clock', () => {
  const day = 86_400;

  /** Shifts what the daemon takes for now, from its next start on; its children know better. */
  const shift = async (seconds: number) => {
    const file = join(lab.dir, 'clock.cjs');
    writeFileSync(
      file,
      `const Real = Date, by = ${seconds * 1000};
globalThis.Date = class extends Real {
  constructor(...args) { if (args.length === 0) super(Real.now() + by); else super(...args); }
  static now() { return Real.now() + by; }
};\n`,
    );
    lab.env['NODE_OPTIONS'] = `--require=${file}`;
    await lab.restart();
  };

  test('that went back revives no key and trusts nothing new; when it is right again all goes on', async () => {
    const old = createQuickKey();
    await start({ trust: policy(ada) });
    const file = join(lab.dir, 'allowed-signers');
    const end = new Date(Date.now() - 30 * day * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    writeFileSync(file, `old valid-before="${end}" ${old.publicKey}\n`);
    await lab.reconfigure({ trust: { ...policy(ada), allowedSignersFile: file } });
    const revived = lab.commit('by an old key', old.sign, { date: Math.floor(Date.now() / 1000) - 60 * day });
    await expectRefused(lab, revived, { reason: 'expired_key' });
    await shift(-60 * day);
    await lab.daemon.until('good is back', (status) => branchOf(status, 'good')?.verdict != null);
    const again = lab.commit('by an old key again', old.sign, {
      date: Math.floor(Date.now() / 1000) - 60 * day,
    });
    await expectRefused(lab, again, { verdict: 'pending', reason: 'date_out_of_range' });
    const honest = lab.commit('by a good key', ada.sign);
    await expectRefused(lab, honest, { verdict: 'pending', reason: 'date_out_of_range' });
    await shift(0);
    await lab.until(honest);
    await expectRefused(lab, again, { reason: 'rewritten' });
  });

  test('that went forward does no lasting harm', async () => {
    await start({ trust: policy(ada) });
    await shift(400 * day);
    await expectDeployed(lab, lab.commit('in the wrong year', ada.sign));
    await shift(0);
    await expectDeployed(lab, lab.commit('in the right year', ada.sign));
  });

  test('that reaches the date of a commit lets it run', async () => {
    await start({ trust: policy(ada) });
    const head = lab.commit('tomorrow', ada.sign, { date: Math.floor(Date.now() / 1000) + day });
    await expectRefused(lab, head, { verdict: 'pending', reason: 'date_out_of_range' });
    await shift(2 * day);
    await lab.until(head);
    expect(existsSync(join(lab.dir, 'clock.cjs'))).toBe(true);
  });
});
