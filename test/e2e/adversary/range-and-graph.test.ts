import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edited, type Sign } from '../../harness/signing.ts';
import { createQuickKey } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectRefused } from './expect-refused.ts';
import { branchOf, createTrustLab, type TrustLab } from './trust-lab.ts';

const keys = { ada: createQuickKey(), ben: createQuickKey(), tess: createQuickKey(), k1: createQuickKey() };
type Name = keyof typeof keys;
const signer = (name: Name) => ({ name, sshKey: keys[name].publicKey });
const { sign } = keys.ada;
const longest = 300;
let lab: TrustLab;

afterAll(() => lab.remove());

/** Commits on top of one another, the first on the floor; gives all ids. */
function chain(length: number, by: (index: number) => Sign | null, from?: readonly string[]): string[] {
  const ids: string[] = [];
  const tree = lab.tree(`a chain of ${length}`);
  for (let index = 0; index < length; index += 1) {
    const last = ids.at(-1);
    const parents = last === undefined ? from : [last];
    ids.push(lab.commit(`link ${index} of ${length}`, by(index), { tree, ...(parents && { parents }) }));
  }
  return ids;
}

describe('a host that wants every commit since the floor signed', () => {
  beforeAll(async () => {
    lab = await createTrustLab({ trust: { signers: [signer('ada'), signer('ben')], maxRange: longest } });
    await lab.daemon.start();
    await lab.deploy('good', lab.commit('honest', sign));
  });

  test('refuses a signed tip above an unsigned commit, and names that one', async () => {
    const below = lab.commit('unsigned below', null);
    const head = lab.commit('signed tip', sign, { parents: [below] });
    const message = await expectRefused(lab, head, { reason: 'unsigned' });
    expect(message).toContain(below.slice(0, 8));
  });

  test('refuses a merge of an unsigned branch, and an unsigned merge', async () => {
    const side = lab.commit('unsigned side', null);
    const { floor } = lab;
    await expectRefused(lab, lab.commit('pull request', sign, { parents: [floor, side] }), {
      reason: 'unsigned',
    });
    const own = lab.commit('signed side', sign);
    await expectRefused(lab, lab.commit('unsigned merge', null, { parents: [floor, own] }), {
      reason: 'unsigned',
    });
  });

  test('refuses a merge that hides the floor behind a signed stranger', async () => {
    const root = lab.commit('another beginning', null, { parents: [] });
    const head = lab.commit('two beginnings', sign, { parents: [lab.floor, root] });
    await expectRefused(lab, head, { reason: 'unsigned' });
    const first = lab.commit('strange first parent', sign, { parents: [root, lab.floor] });
    await expectRefused(lab, first, { reason: 'unsigned' });
  });

  test('runs what a pull over an unsigned commit was made from, not the pull', async () => {
    const evil = lab.commit('unsigned evil', null);
    const work = lab.commit('signed work', sign);
    const pull = lab.commit('pull', sign, { parents: [work, evil] });
    lab.publish('evil', pull);
    const status = await lab.until(work);
    expect(branchOf(status, 'evil')).toMatchObject({
      head: pull,
      verdict: 'rejected',
      reason: 'unsigned',
      candidate: work,
    });
  });

  test('runs the fix below an unsigned push', async () => {
    const fix = lab.commit('security fix', keys.ben.sign);
    const push = lab.commit('unsigned push', null, { parents: [fix] });
    lab.publish('evil', push);
    const status = await lab.until(fix);
    expect(status.desired?.signer?.name).toBe('ben');
    expect(branchOf(status, 'evil')).toMatchObject({ head: push, verdict: 'rejected', candidate: fix });
  });

  test('runs what an unsigned push was replaced by', async () => {
    await expectRefused(lab, lab.commit('unsigned for a moment', null), { reason: 'unsigned' });
    await expectDeployed(lab, lab.commit('restored', sign), 'ada');
  });

  test('runs a signed merge whatever its tree is, because its signer vouches for it', async () => {
    const side = lab.commit('side', keys.ben.sign);
    const head = lab.commit('evil merge', sign, { parents: [lab.floor, side] });
    await expectDeployed(lab, head, 'ada');
  });

  test('runs a merge of a branch from before the floor, with its older dates', async () => {
    const root = lab.commit('old root', keys.ben.sign, { parents: [], date: 1_500_000_000 });
    const head = lab.commit('merge of an old branch', sign, { parents: [lab.floor, root] });
    await expectDeployed(lab, head, 'ada');
  });

  test('finds the one bad commit among three hundred, and runs what is below it', async () => {
    const { floor } = lab;
    const bad = (payload: Buffer) => keys.ada.sign(edited(payload, 'link', 'lank'));
    const ids = chain(longest, (index) => (index === 149 ? bad : sign));
    lab.publish('evil', ids.at(-1) ?? '');
    const status = await lab.until(ids[148] ?? '');
    const evil = branchOf(status, 'evil');
    expect(evil).toMatchObject({
      head: ids.at(-1),
      verdict: 'rejected',
      reason: 'bad_signature',
      candidate: ids[148],
    });
    expect(evil?.message).toContain(ids[149]?.slice(0, 8));
    expect(lab.floor).not.toBe(floor);
  });

  test('refuses one commit more than it wants to look at, and runs as many as that', async () => {
    const ids = chain(longest + 1, () => sign);
    await expectRefused(lab, ids.at(-1) ?? '', { reason: 'range_too_long' });
    await expectDeployed(lab, ids.at(-2) ?? '', 'ada');
  });

  test('runs the commit of one branch on another when its signer may sign both: signatures name no branch', async () => {
    const head = lab.commit('work in progress', keys.ben.sign);
    lab.publish('good', head, 'wip');
    await expectDeployed(lab, head, 'ben');
  });
});

describe('a fresh host', () => {
  let anchor: string;
  let unsigned: string;

  beforeAll(async () => {
    await lab.remove();
    lab = await createTrustLab({ trust: { signers: [signer('ada')], anchor: '0'.repeat(40) } });
    unsigned = lab.commit('before anybody signed', null, { parents: [] });
    anchor = lab.commit('the beginning', null, { parents: [unsigned] });
    await lab.daemon.start();
    await lab.reconfigure({ trust: { signers: [signer('ada')], anchor } });
  });

  const refusedWithout = async (head: string, reason: string) => {
    lab.publish('evil', head);
    const status = await lab.verdictOn('evil', head);
    expect(branchOf(status, 'evil')).toMatchObject({ verdict: 'rejected', reason, candidate: null });
    expect(status).toMatchObject({ desired: null, floor: null });
    expect(await lab.evaluations()).toBe(0);
  };

  test('refuses the signed commit of another repository', async () => {
    await refusedWithout(lab.commit('elsewhere', sign, { parents: [] }), 'rewritten');
  });

  test('refuses what lies behind its anchor', async () => {
    // Only a remote that has the anchor can show that something lies behind it.
    const above = lab.commit('unsigned on the anchor', null, { parents: [anchor] });
    lab.publish('evil', above, 'testing-alpha');
    const status = await lab.verdictOn('evil', above, 'testing');
    expect(branchOf(status, 'evil', 'testing')).toMatchObject({ verdict: 'rejected', reason: 'unsigned' });
    await refusedWithout(unsigned, 'replayed');
    lab.publish('evil', null, 'testing-alpha');
  });

  test('begins above its anchor, whatever is below that', async () => {
    const stranger = lab.commit('unsigned above', null, { parents: [anchor] });
    lab.publish('evil', lab.commit('signed above', sign, { parents: [stranger] }));
    const head = lab.commit('first signed', sign, { parents: [anchor] });
    const status = await lab.deploy('good', head);
    expect(branchOf(status, 'evil')).toMatchObject({ verdict: 'rejected', reason: 'unsigned' });
  });

  test('obeys the keys of its configuration of now, not those that signed what runs', async () => {
    await lab.reconfigure({ trust: { signers: [signer('k1')], anchor } });
    await expectDeployed(lab, lab.commit('by the new key', keys.k1.sign), 'k1');
    await expectRefused(lab, lab.commit('by the retired key', sign), { reason: 'unknown_key' });
  });

  test('without an anchor begins at the first good tip, and says so', async () => {
    await lab.remove();
    lab = await createTrustLab({ trust: { signers: [signer('ada')] } });
    const below = lab.commit('unsigned before', null);
    await lab.daemon.start();
    await refusedWithout(lab.commit('unsigned tip', null, { parents: [below] }), 'unsigned');
    const head = lab.commit('first signed', sign, { parents: [below] });
    await lab.deploy('good', head);
    const { stdout } = await lab.daemon.cli('events', '--json');
    expect(stdout).toContain('anchored');
    const hole = lab.commit('unsigned above', null);
    await expectRefused(lab, lab.commit('signed on top', sign, { parents: [hole] }), { reason: 'unsigned' });
  });
});
