import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signed } from '../../harness/signing.ts';
import { writeKrl } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectNotFetched, expectRefused } from './expect-refused.ts';
import { createPeople, policyOf, type People } from './people.ts';
import { branchOf, createTrustLab, type TrustLab } from './trust-lab.ts';
import { unusual } from './unusual-commits.ts';
import { wrongBytes } from './wrong-bytes.ts';
import { wrongKeys } from './wrong-keys.ts';

let people: People;
let dir: string;
let lab: TrustLab;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-p-'));
  people = createPeople(dir);
});

afterAll(() => {
  people.close();
  rmSync(dir, { recursive: true, force: true });
});

// What git 2.54 and later do: a signature by an expired key is good enough for exit code 0.
const newerGit = `
case " $* " in *' verify-commit '*) ;; *) exec "$REAL" "$@" ;; esac
said=$(mktemp)
"$REAL" "$@" 2>"$said"
code=$?
cat "$said" >&2
if [ $code -eq 1 ] && grep -q EXPKEYSIG "$said" && ! grep -Eq 'BADSIG|ERRSIG|REVKEYSIG| EXPSIG' "$said"; then code=0; fi
rm -f "$said"
exit $code`;

describe('a host that wants every commit signed', () => {
  beforeAll(async () => {
    lab = await createTrustLab({ trust: policyOf(people, 'range') });
    await lab.daemon.start();
    await lab.deploy('good', lab.commit('honest', people.sign('ada')));
  });
  afterAll(() => lab.remove());

  test.each(wrongKeys)('refuses $name', async ({ reason, verdict, make }) => {
    await expectRefused(lab, lab.write(make(lab, people)), { reason, ...(verdict && { verdict }) });
  });

  test.each(wrongBytes)('refuses $name', async ({ reason, make }) => {
    const marker = join(lab.dir, 'marker');
    lab.tool('gpgsm', `touch ${marker}`);
    await expectRefused(lab, lab.write(make(lab, people)), { reason });
    expect(existsSync(marker)).toBe(false);
  });

  test('does not even take a commit with a NUL in its message', async () => {
    const payload = lab.payload('before', { message: 'shown\0hidden' });
    await expectNotFetched(lab, lab.write(signed(payload, people.sign('bob'))), 'nulInCommit');
  });

  test.each(wrongKeys.filter(({ reason }) => reason === 'expired_key'))(
    'refuses $name, also with a git that finds it good',
    async ({ reason, make }) => {
      lab.tool('git', newerGit);
      await expectRefused(lab, lab.write(make(lab, people)), { reason });
      lab.tool('git', null);
    },
  );

  test.each([
    ['gpg', 'bob'],
    ['ssh-keygen', 'ada'],
  ] as const)('holds while %s is missing or dies, and goes on when it is back', async (tool, name) => {
    const head = lab.commit(`without ${tool}`, people.sign(name));
    lab.tool(tool, '#!/nowhere/sh\n');
    await expectRefused(lab, head, { reason: 'verifier_failed' });
    lab.tool(tool, 'kill -9 $$');
    await expectRefused(lab, lab.commit(`killed ${tool}`, people.sign(name)), { reason: 'verifier_failed' });
    lab.tool(tool, null);
    await expectDeployed(lab, head, name);
  });

  test('decides nothing while its list of revoked keys is gone', async () => {
    const evaluations = await lab.evaluations();
    const head = lab.commit('without the list', people.sign('ada'));
    renameSync(people.revokedKeysFile, `${people.revokedKeysFile}.away`);
    lab.publish('evil', head);
    const status = await lab.verdictOn('evil', head);
    expect(branchOf(status, 'evil')).toMatchObject({
      verdict: 'rejected',
      reason: 'verifier_failed',
      message: expect.stringContaining(people.revokedKeysFile),
    });
    expect(status).toMatchObject({ floor: lab.floor, desired: { commit: lab.floor } });
    expect(await lab.evaluations()).toBe(evaluations);
    renameSync(`${people.revokedKeysFile}.away`, people.revokedKeysFile);
    await expectDeployed(lab, head, 'ada');
  });

  test('refuses a key of a key revocation list that replaces the list', async () => {
    writeKrl(join(dir, 'krl'), people.ssh.tok, people.ssh.lost);
    const before = readFileSync(people.revokedKeysFile);
    renameSync(join(dir, 'krl'), people.revokedKeysFile);
    for (const name of ['lost', 'tok'] as const) {
      const head = lab.commit(`revoked ${name}`, people.sign(name));
      await expectRefused(lab, head, { reason: 'revoked_key' });
    }
    writeFileSync(people.revokedKeysFile, before);
  });

  test.each(['ada', 'ron', 'eli', 'tok', 'bob', 'rita', 'sue', 'noa'] as const)(
    'runs what %s signed, whoever it says wrote it',
    async (name) => {
      const head = lab.commit(`by ${name}`, people.sign(name), { author: 'Max' });
      await expectDeployed(lab, head, name);
    },
  );

  test('runs honest commits of unusual forms', async () => {
    let head = lab.floor;
    for (const make of unusual) head = lab.write(make(lab, people, [head]));
    await expectDeployed(lab, head);
  });

  test('names a primary key where a subkey signed, and still knows it when nothing is left to verify', async () => {
    await expectDeployed(lab, lab.commit('by a subkey', people.sign('sue')), 'sue');
    const sue = { kind: 'gpg', name: 'sue', key: people.pgp.sue.fingerprint };
    expect((await lab.daemon.status()).desired?.signer).toEqual(sue);
    await lab.restart();
    const status = await lab.daemon.until('a poll', ({ remotes }) => remotes.every(({ up }) => up === true));
    expect(status.desired).toMatchObject({ commit: lab.floor, signer: sue });
  });
});
