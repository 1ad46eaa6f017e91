import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQuickKey } from '../../harness/ssh-signer.ts';
import { branchOf, createTrustLab, type TrustLab } from './trust-lab.ts';

const keys = { ada: createQuickKey(), ben: createQuickKey(), tess: createQuickKey() };
const signers = Object.entries(keys).map(([name, { publicKey }]) => ({ name, sshKey: publicKey }));
const { ada, ben, tess } = keys;
let lab: TrustLab;

afterAll(() => lab.remove());

/** A verdict that changes nothing; gives what the remote is told. */
async function held(remote: string, head: string) {
  const evaluations = await lab.evaluations();
  lab.publish(remote, head);
  const status = await lab.verdictOn(remote, head);
  expect(status).toMatchObject({ floor: lab.floor, desired: { commit: lab.floor } });
  expect(await lab.evaluations()).toBe(evaluations);
  return branchOf(status, remote);
}

describe('a host that wants two of three remotes to agree', () => {
  const quorum = { signers, quorum: 2 };

  beforeAll(async () => {
    lab = await createTrustLab({ trust: quorum, remotes: { one: {}, two: {}, three: {} } });
    await lab.daemon.start();
  });

  test('begins only when two offer a commit', async () => {
    const head = lab.commit('first', ada.sign);
    lab.publish('one', head);
    const status = await lab.verdictOn('one', head);
    expect(branchOf(status, 'one')).toMatchObject({ verdict: 'rejected', reason: 'quorum' });
    expect(status).toMatchObject({ desired: null, floor: null });
    await lab.deploy('two', head);
  });

  test('holds a head that one alone has, and runs it when another has it or its successor', async () => {
    const next = lab.commit('next', ada.sign);
    expect(await held('one', next)).toMatchObject({ verdict: 'rejected', reason: 'quorum' });
    const more = lab.commit('more', ben.sign, { parents: [next] });
    lab.publish('three', more);
    const status = await lab.until(next);
    expect(branchOf(status, 'one')).toMatchObject({ verdict: 'accepted', reason: null });
    expect(branchOf(status, 'three')).toMatchObject({ verdict: 'rejected', reason: 'quorum' });
  });

  test('counts no remote whose head has what nobody signed', async () => {
    const good = lab.commit('good', ada.sign);
    const bad = lab.commit('bad', null, { parents: [lab.floor] });
    const above = lab.commit('above bad', ada.sign, { parents: [bad] });
    expect(await held('one', above)).toMatchObject({ reason: 'unsigned' });
    expect(await held('two', above)).toMatchObject({ reason: 'unsigned' });
    expect(await held('three', good)).toMatchObject({ reason: 'quorum' });
    await lab.deploy('one', good);
  });
});

describe('a host whose remotes and branches have signers of their own', () => {
  beforeAll(async () => {
    await lab.remove();
    lab = await createTrustLab({
      trust: {
        signers,
        branches: { main: { signers: ['ada', 'ben'] }, testing: { signers: ['ada', 'tess'] } },
      },
      remotes: {
        narrow: { trust: { signers: ['ben', 'tess'] } },
        free: { trust: { mode: 'none' } },
        wide: {},
      },
    });
    await lab.daemon.start();
    await lab.deploy('wide', lab.commit('first', ada.sign));
  });

  test('takes from a narrow remote what both lists allow', async () => {
    expect(await held('narrow', lab.commit('by ada', ada.sign))).toMatchObject({
      reason: 'signer_not_allowed',
    });
    expect(await held('narrow', lab.commit('by tess', tess.sign))).toMatchObject({
      reason: 'signer_not_allowed',
    });
    await lab.deploy('narrow', lab.commit('by ben', ben.sign));
  });

  test('takes on main nobody who may sign testing only', async () => {
    expect(await held('wide', lab.commit('teleport', tess.sign))).toMatchObject({
      reason: 'signer_not_allowed',
    });
    const trial = lab.commit('trial', tess.sign);
    lab.publish('wide', trial, 'testing-alpha');
    const status = await lab.until(trial);
    expect(status).toMatchObject({ floor: lab.floor, desired: { testing: true, signer: { name: 'tess' } } });
    lab.publish('wide', null, 'testing-alpha');
    await lab.until(lab.floor);
  });

  test('takes from the remote that is free what nobody signed, and from no other', async () => {
    const head = lab.commit('unsigned', null);
    expect(await held('wide', head)).toMatchObject({ reason: 'unsigned' });
    const status = await lab.deploy('free', head);
    expect(status.desired).toMatchObject({ remote: 'free', signer: null });
    await lab.deploy('wide', lab.commit('signed above', ada.sign));
  });
});

describe('a host that wants the tip signed', () => {
  beforeAll(async () => {
    await lab.remove();
    lab = await createTrustLab({ trust: { signers, mode: 'tip' }, remotes: { one: {}, two: {} } });
    await lab.daemon.start();
    await lab.deploy('two', lab.commit('first', ada.sign));
  });

  test('looks at nothing below it, and runs the newest signed commit below an unsigned push', async () => {
    const bottom = lab.commit('unsigned bottom', null);
    const signed = lab.commit('signed', ada.sign, { parents: [bottom] });
    const unsigned = lab.commit('unsigned', null, { parents: [signed] });
    lab.publish('one', unsigned);
    const status = await lab.until(signed);
    expect(branchOf(status, 'one')).toMatchObject({
      verdict: 'rejected',
      reason: 'unsigned',
      candidate: signed,
    });
    await lab.deploy('one', lab.commit('tip', ada.sign, { parents: [unsigned] }));
  });

  test('does not go back', async () => {
    const older = lab.commit('older', ada.sign, { parents: [] });
    expect(await held('one', older)).toMatchObject({ reason: 'rewritten', candidate: null });
  });
});

describe('a host that never leaves what it has seen', () => {
  beforeAll(async () => {
    await lab.remove();
    lab = await createTrustLab({ trust: { signers, floor: 'seen' }, remotes: { one: {}, two: {} } });
    await lab.daemon.start();
    await lab.deploy('two', lab.commit('first', ada.sign));
  });

  test('refuses to replace a commit that it could not build yet', async () => {
    const broken = lab.commit('broken', ada.sign, {
      tree: lab.tree('broken', { 'hosts.nix': '{ alpha = throw "not yet"; }\n' }),
    });
    lab.publish('one', broken);
    await lab.daemon.until('the failure', ({ failure }) => failure?.commit === broken);
    const instead = lab.commit('instead', ada.sign);
    lab.publish('one', instead);
    const status = await lab.verdictOn('one', instead);
    expect(branchOf(status, 'one')).toMatchObject({
      verdict: 'rejected',
      reason: 'rewritten',
      candidate: null,
    });
    await lab.deploy('one', lab.commit('mended', ada.sign, { parents: [broken] }));
  });
});
