import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signed } from '../../harness/signing.ts';
import { writeKrl } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectNotFetched, expectRefused } from './expect-refused.ts';
import { createPeople, type People } from './people.ts';
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

const names = ['ada', 'ron', 'eli', 'tok', 'bob', 'rita', 'sue', 'noa', 'eve', 'lou'] as const;
const policy = (mode: string) => ({
  mode,
  signers: names.map((name) => people.signer(name)),
  allowedSignersFile: people.allowedSignersFile,
  revokedKeysFile: people.revokedKeysFile,
});

/** Starts a lab on which an honest commit runs. */
async function start(mode: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  lab = await createTrustLab({ trust: policy(mode), env });
  await lab.daemon.start();
  await lab.deploy('good', lab.commit('honest', people.sign('ada')));
}

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
  beforeAll(() => start('range'));
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

  test.each(unusual)('runs a signed commit with %s', async (_, make) => {
    await expectDeployed(lab, lab.write(make(lab, people)));
  });

  test('names a primary key where a subkey signed', async () => {
    await expectDeployed(lab, lab.commit('by a subkey', people.sign('sue')), 'sue');
    const { desired } = await lab.daemon.status();
    expect(desired?.signer).toEqual({ kind: 'gpg', name: 'sue', key: people.pgp.sue.fingerprint });
  });
});

describe('a host that wants the newest commit signed, started from a hostile environment', () => {
  const home = () => join(dir, 'hostile-home');

  beforeAll(async () => {
    const marker = join(dir, 'hostile-marker');
    mkdirSync(home());
    writeFileSync(join(dir, 'all-allowed'), `mal ${people.ssh.mal.publicKey}\n`);
    writeFileSync(
      join(home(), '.gitconfig'),
      `[gpg]\n\tprogram = true\n[gpg "ssh"]\n\tprogram = true\n[core]\n\tfsmonitor = touch ${marker}\n`,
    );
    await start('tip', {
      HOME: home(),
      XDG_CONFIG_HOME: home(),
      GNUPGHOME: people.gpg.home,
      GIT_DIR: '/nowhere',
      GIT_OBJECT_DIRECTORY: '/nowhere',
      GIT_ALTERNATE_OBJECT_DIRECTORIES: '/nowhere',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'gpg.ssh.allowedSignersFile',
      GIT_CONFIG_VALUE_0: join(dir, 'all-allowed'),
      GIT_SSH_COMMAND: `touch ${marker}`,
      GIT_EXTERNAL_DIFF: `touch ${marker}`,
      SSH_ASKPASS: `touch ${marker}`,
      LD_PRELOAD: '/nowhere/hostile.so',
    });
    for (const tool of ['git', 'gpg', 'ssh-keygen']) {
      lab.tool(tool, `env | sed "s/^/${tool} /" >>${join(dir, 'seen')}\nexec "$REAL" "$@"`);
    }
  });
  afterAll(() => lab.remove());

  test.each([...wrongKeys, ...wrongBytes])('refuses $name', async ({ reason, verdict, make }) => {
    await expectRefused(lab, lab.write(make(lab, people)), { reason, ...(verdict && { verdict }) });
  });

  test('runs a signed commit above an unsigned one, as it was told', async () => {
    const below = lab.commit('unsigned below', null);
    await expectDeployed(lab, lab.commit('signed tip', people.sign('bob'), { parents: [below] }), 'bob');
  });

  test('gave nothing of that environment to git, gpg or ssh-keygen', () => {
    const seen = readFileSync(join(dir, 'seen'), 'utf8');
    for (const tool of ['git', 'gpg', 'ssh-keygen']) expect(seen).toMatch(new RegExp(`^${tool} PATH=`, 'm'));
    expect(seen).not.toContain('hostile');
    expect(seen).not.toContain('/nowhere');
    expect(seen).not.toContain(`GNUPGHOME=${people.gpg.home}`);
    expect(existsSync(join(dir, 'hostile-marker'))).toBe(false);
  });
});

describe('a host that has SSH keys only', () => {
  beforeAll(async () => {
    lab = await createTrustLab({
      trust: { signers: [people.signer('ada')] },
      env: { GNUPGHOME: people.gpg.home },
    });
    await lab.daemon.start();
    await lab.deploy('good', lab.commit('honest', people.sign('ada')));
  });
  afterAll(() => lab.remove());

  test("takes no OpenPGP signature, though the machine's own keyring has the key", async () => {
    const message = await expectRefused(lab, lab.commit('by gpg', people.sign('bob')), {
      reason: 'unknown_key',
    });
    expect(message).toMatch(/OpenPGP|GPG|gpg/);
  });
});
