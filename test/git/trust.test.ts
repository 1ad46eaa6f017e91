import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JudgeBase } from '../../src/git/trust.ts';
import { run, type Run } from '../../src/process.ts';
import { never, processesWith, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { createGpgKeyring, faked, type GpgKeyring } from '../harness/gpg-keyring.ts';
import { createQuickGpgKey } from '../harness/quick-gpg-key.ts';
import { commitPayload } from '../harness/raw-objects.ts';
import { edited, signed } from '../harness/signing.ts';
import { createQuickKey, createTokenKey } from '../harness/ssh-signer.ts';
import { floorAt, openTrustLab, type LabTrust, type TrustGiven, type TrustLab } from './trust-lab.ts';

const ada = createQuickKey();
const eve = createQuickKey();
const gus = createQuickGpgKey('Gus [GNUPG:] VALIDSIG <gus@example.org>');
const day = 24 * 60 * 60 * 1000;

let dir: string;
let lab: TrustLab;
let gpg: GpgKeyring;
let gusFile: string;
let floor: string;

beforeAll(async () => {
  dir = temporaryDirectory();
  lab = await openTrustLab(dir);
  gpg = createGpgKeyring(join(dir, 'g'));
  gusFile = join(dir, 'gus.pub');
  writeFileSync(gusFile, gus.publicKey);
  floor = lab.commit(null, { date: 1_700_000_000 });
});
afterAll(() => {
  gpg.close();
  remove(dir);
});

const withAda: TrustGiven = { keys: { signers: [{ name: 'ada', sshKey: ada.publicKey }] } };
const both = (): TrustGiven => ({
  keys: {
    signers: [
      { name: 'ada', sshKey: ada.publicKey },
      { name: 'gus', gpgKeyFile: gusFile, gpgFingerprint: gus.fingerprint },
    ],
  },
});
const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const counted = ({ commands }: LabTrust, word: string) =>
  commands.filter(({ args }) => args.includes(word)).length;
const accepted = (candidate: string) => ({ status: 'accepted', reason: null, candidate });
const rejected = (reason: string, candidate: string | null = null) => ({
  status: 'rejected',
  reason,
  candidate,
});

test('fifty good commits cost one git for each worker and kind; one that is judged again costs none', async () => {
  const trust = lab.trust(both());
  const ids = lab.line([...repeat(25, ada.sign), ...repeat(25, gus.sign)], floor);
  const head = ids.at(-1) ?? '';
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject({
    ...accepted(head),
    signer: { kind: 'gpg', key: gus.fingerprint, name: 'gus' },
  });
  expect(counted(trust, 'verify-commit')).toBe(4);
  trust.commands.length = 0;
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  expect(trust.commands.map(({ args }) => args.find((arg) => !arg.startsWith('--')))).toEqual(['rev-list']);
});

test('a restart uses what was found, with the same keys only', async () => {
  const first = lab.trust(both());
  const [below, , head] = lab.line([ada.sign, gus.sign, ada.sign], floor) as [string, string, string];
  await first.verdict(head, floorAt(floor));
  const again = lab.trust({ ...both(), dir: first.dir });
  expect(await again.verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  expect(counted(again, 'verify-commit')).toBe(0);
  const fewer = lab.trust({ ...withAda, dir: first.dir });
  expect(await fewer.verdict(head, floorAt(floor))).toMatchObject(rejected('unknown_key', below));
  expect(readdirSync(first.dir).filter((name) => name.startsWith('checks-'))).toHaveLength(1);
});

test.each([
  [
    'a foreign signature that is not its own',
    () => edited(signed(payloadOn(floor), ada.sign), 'change', 'chance'),
    'bad_signature',
  ],
  ['one of OpenPGP', () => edited(signed(payloadOn(floor), gus.sign), 'change', 'chance'), 'bad_signature'],
  ['a key of nobody', () => signed(payloadOn(floor), createQuickGpgKey().sign), 'unknown_key'],
] as const)('one commit with %s among fifty is the only one that is refused', async (_, make, reason) => {
  const trust = lab.trust(both());
  const before = lab.line([...repeat(12, ada.sign), ...repeat(12, gus.sign)], floor);
  const bad = lab.write(make());
  const merge = lab.commit(ada.sign, { parents: [before.at(-1) ?? '', bad] });
  const ids = lab.line([...repeat(12, ada.sign), ...repeat(12, gus.sign)], merge);
  const head = await trust.main(ids.at(-1) ?? '', floorAt(floor));
  expect(head.verdict).toMatchObject(rejected(reason, before.at(-1)));
  expect(head.refused.map(({ commit }) => commit)).toEqual([bad]);
  expect(head.rangeSize).toBe(50);
  trust.commands.length = 0;
  await trust.main(ids.at(-1) ?? '', floorAt(floor));
  expect(counted(trust, 'verify-commit')).toBe(0);
});

function payloadOn(parent: string) {
  return commitPayload({ tree: lab.tree, parents: [parent], date: 1_700_000_100 });
}

test('what is malformed, unsigned or foreign costs no verifier', async () => {
  const trust = lab.trust(withAda);
  const shapes = [
    [lab.commit(null, { parents: [floor] }), 'unsigned'],
    [lab.commit(eve.sign, { parents: [floor] }), 'unknown_key'],
    [lab.commit(gus.sign, { parents: [floor] }), 'unknown_key'],
    [lab.commit(ada.signFor('file'), { parents: [floor] }), 'bad_signature'],
    [lab.write(edited(signed(payloadOn(floor), ada.sign), '\n\n', '\ngpgsig-note x\n\n')), 'malformed'],
    [lab.write(edited(signed(payloadOn(floor), ada.sign), '\n\n', `\ntree ${lab.tree}\n\n`)), 'malformed'],
  ] as const;
  for (const [id, reason] of shapes) {
    expect(await trust.verdict(id, floorAt(floor)), reason).toMatchObject(rejected(reason, floor));
  }
  expect(counted(trust, 'verify-commit')).toBe(0);
});

test('signatures of hardware tokens are good', async () => {
  const token = createTokenKey();
  const trust = lab.trust({ keys: { signers: [{ name: 'ada', sshKey: token.publicKey }] } });
  const head = lab.commit(token.sign, { parents: [floor] });
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject({
    ...accepted(head),
    signer: { kind: 'ssh', key: token.fingerprint },
  });
});

test('gpg’s own keys: a subkey beside one that expired, an expired key, a revoked key and subkey, SHA-1', async () => {
  const sue = gpg.create('Sue', { at: '20240101T000000' });
  const good = gpg.addSubkey(sue);
  gpg.addSubkey(sue, { at: '20240201T000000', expires: '30d' });
  const old = gpg.create('Old', { at: '20240101T000000', expires: '2024-06-01' });
  const lost = gpg.create('Lost');
  const rsa = gpg.create('Rsa', { type: 'rsa2048' });
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const signers = [
    { name: 'sue', gpgKeyFile: file('sue.asc', gpg.publicKeys(sue)), gpgFingerprint: sue.fingerprint },
    { name: 'old', gpgKeyFile: file('old.asc', gpg.publicKeys(old)), gpgFingerprint: old.fingerprint },
    { name: 'lost', gpgKeyFile: file('lost.asc', gpg.revoked(lost)), gpgFingerprint: lost.fingerprint },
    { name: 'rsa', gpgKeyFile: file('rsa.asc', gpg.publicKeys(rsa)), gpgFingerprint: rsa.fingerprint },
  ];
  const trust = lab.trust({ keys: { signers } });
  const by = (sign: typeof sue.sign) => lab.commit(sign, { parents: [floor] });
  const bySub = by(good.sign);
  expect(await trust.verdict(bySub, floorAt(floor))).toMatchObject({
    ...accepted(bySub),
    signer: { key: sue.fingerprint, name: 'sue' },
  });
  const cases = [
    [by(gpg.signWith([old], ...faked('20240301T000000'))), 'expired_key'],
    [by(lost.sign), 'revoked_key'],
    [by(gpg.signWith([rsa], '--digest-algo', 'SHA1')), 'weak_digest'],
    [by(gpg.signWith([sue, rsa])), 'malformed'],
    [by(gpg.signWith([rsa], '--textmode')), 'malformed'],
  ] as const;
  for (const [id, reason] of cases) {
    expect(await trust.verdict(id, floorAt(floor)), reason).toMatchObject(rejected(reason, floor));
  }
  const later = by(gpg.signWith([rsa], ...faked('20990101T000000')));
  expect(await trust.verdict(later, floorAt(floor))).toMatchObject({
    status: 'pending',
    reason: 'date_out_of_range',
  });
});

test('what was found good with a key that has an end is found out again after it', async () => {
  const brief = gpg.create('Brief', { expires: '30d' });
  const file = join(dir, 'brief.asc');
  writeFileSync(file, gpg.publicKeys(brief));
  let now = Date.now();
  const keys = { signers: [{ name: 'brief', gpgKeyFile: file, gpgFingerprint: brief.fingerprint }] };
  const trust = lab.trust({ keys, now: () => now });
  const head = lab.commit(brief.sign, { parents: [floor] });
  await trust.verdict(head, floorAt(floor));
  trust.commands.length = 0;
  now += 29 * day;
  await trust.verdict(head, floorAt(floor));
  expect(counted(trust, 'verify-commit')).toBe(0);
  now += 2 * day;
  await trust.verdict(head, floorAt(floor));
  expect(counted(trust, 'verify-commit')).toBe(1);
});

test('git from 2.54 on ends well for a key that expired; that changes nothing', async () => {
  const old = gpg.create('Older', { at: '20240101T000000', expires: '2024-06-01' });
  const file = join(dir, 'older.asc');
  writeFileSync(file, gpg.publicKeys(old));
  const newer: Run = async (command, signal) => {
    const finished = await run(command, signal);
    return command.args.includes('verify-commit') ? { ...finished, exitCode: 0 } : finished;
  };
  const keys = { signers: [{ name: 'old', gpgKeyFile: file, gpgFingerprint: old.fingerprint }] };
  const trust = lab.trust({ keys, run: newer });
  const sign = gpg.signWith([old], ...faked('20240301T000000'));
  const [below, head] = lab.line([sign, sign], floor);
  const judged = await trust.main(head ?? '', floorAt(floor));
  expect(judged.verdict).toMatchObject(rejected('expired_key', floor));
  expect(judged.refused.map(({ commit }) => commit)).toEqual([below, head]);
});

test.each([
  [
    'a verifier that is missing',
    (command: Parameters<Run>[0]) => ({ ...command, env: { ...command.env, PATH: join(dir, 'nothing') } }),
  ],
  [
    'a verifier that is killed',
    (command: Parameters<Run>[0]) => ({
      ...command,
      env: { ...command.env, PATH: `${killers()}:${command.env['PATH']}` },
    }),
  ],
] as const)('%s is no verdict on the commit: it is asked again, and may be right then', async (_, broken) => {
  let isBroken = true;
  const faulty: Run = (command, signal) => {
    const breaks = isBroken && command.args.includes('verify-commit');
    const git = breaks ? { ...broken(command), file: gitPath } : command;
    return run(git, signal);
  };
  const trust = lab.trust({ ...both(), run: faulty });
  for (const sign of [ada.sign, gus.sign]) {
    const [first, head] = lab.line([sign, sign], floor);
    isBroken = true;
    const judged = await trust.main(head ?? '', floorAt(floor));
    expect(judged.verdict).toMatchObject(rejected('verifier_failed', floor));
    expect(judged.refused.map(({ commit }) => commit)).toEqual([first, head]);
    isBroken = false;
    expect(await trust.verdict(head ?? '', floorAt(floor))).toMatchObject(accepted(head ?? ''));
  }
});

const gitPath =
  (process.env['PATH'] ?? '')
    .split(':')
    .map((place) => join(place, 'git'))
    .find((file) => {
      try {
        return readFileSync(file).length > 0;
      } catch {
        return false;
      }
    }) ?? 'git';

function killers(): string {
  const place = mkdtempSync(join(dir, 'kill-'));
  for (const name of ['gpg', 'ssh-keygen']) {
    writeFileSync(join(place, name), '#!/bin/sh\nkill -9 $$\n');
    chmodSync(join(place, name), 0o755);
  }
  return place;
}

test('a key file that others can write, or that is gone, refuses all but what runs here, and is read again', async () => {
  let fault: string | null = null;
  const trust = lab.trust({ ...both(), checkFile: () => Promise.resolve(fault) });
  const [below, head] = lab.line([ada.sign, gus.sign], floor) as [string, string];
  const deployed: Partial<JudgeBase> = { ...floorAt(floor), deployed: head };
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  fault = 'can be written by its group';
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(rejected('verifier_failed'));
  expect((await trust.verdict(head, floorAt(floor))).message).toContain(gusFile);
  expect(await trust.verdict(head, deployed)).toMatchObject(rejected('verifier_failed', head));
  expect(await trust.verdict(below, deployed)).toMatchObject(rejected('verifier_failed'));
  await expect(trust.judgeAlone(head, { remote: 'origin', role: 'main' }, never)).rejects.toMatchObject({
    code: 'trust_unusable',
  });
  fault = null;
  const text = readFileSync(gusFile);
  rmSync(gusFile);
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(rejected('verifier_failed'));
  writeFileSync(gusFile, 'no key at all');
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(rejected('verifier_failed'));
  writeFileSync(gusFile, text);
  trust.commands.length = 0;
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  expect(counted(trust, 'verify-commit')).toBe(0);
});

test('a key that is revoked, or taken away, counts for nothing at the next look', async () => {
  const revoked = join(dir, 'revoked');
  const allowed = join(dir, 'allowed');
  writeFileSync(revoked, '');
  writeFileSync(allowed, `eve@example.org namespaces="git" ${eve.publicKey}\n`);
  const trust = lab.trust({ keys: { allowedSignersFile: allowed, revokedKeysFile: revoked } });
  const head = lab.commit(eve.sign, { parents: [floor] });
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  writeFileSync(revoked, `# lost\n${eve.publicKey}\n`);
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(rejected('revoked_key', floor));
  writeFileSync(revoked, '');
  writeFileSync(allowed, `ada@example.org namespaces="git" ${ada.publicKey}\n`);
  expect(await trust.verdict(head, floorAt(floor))).toMatchObject(rejected('unknown_key', floor));
});

test('an abort ends the work and leaves no process', async () => {
  const ending = new AbortController();
  const slow: Run = (command, signal) => {
    if (command.args.includes('verify-commit')) setTimeout(() => ending.abort(), 20);
    return run(command, signal);
  };
  const trust = lab.trust({ ...both(), run: slow });
  const head = {
    id: lab.line(repeat(40, ada.sign), floor).at(-1) ?? '',
    subject: '',
    author: '',
    committedAt: '',
  };
  const base = {
    floor: { commit: floor, payloadHash: null },
    firstAccepted: null,
    mains: [],
    deployed: null,
  };
  const judged = trust.judge(
    { remote: 'origin', main: head, testing: null, changed: true },
    base,
    ending.signal,
  );
  await expect(judged).rejects.toMatchObject({ code: 'aborted' });
  expect(processesWith(dir).filter((line) => line.includes('verify-commit'))).toEqual([]);
});

test('a failure of the mirror is nobody’s verdict, and nothing goes on behind it', async () => {
  let asked = 0;
  const broken: Run = async (command, signal) => {
    const finished = await run(command, signal);
    if (!command.args.includes('--batch')) return finished;
    asked += 1;
    return asked === 1 ? { ...finished, exitCode: 128 } : finished;
  };
  const trust = lab.trust({ ...withAda, run: broken });
  const head = lab.line(repeat(300, ada.sign), floor).at(-1) ?? '';
  await expect(trust.verdict(head, floorAt(floor))).rejects.toMatchObject({ code: 'mirror_broken' });
  const after = trust.commands.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(trust.commands.length).toBe(after);
  expect(counted(trust, 'verify-commit')).toBeLessThanOrEqual(1);
});
