import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectDeployed, expectRefused } from './expect-refused.ts';
import { createPeople, policyOf, type People } from './people.ts';
import { createTrustLab, type TrustLab } from './trust-lab.ts';
import { wrongBytes } from './wrong-bytes.ts';
import { wrongKeys } from './wrong-keys.ts';

let people: People;
let dir: string;
let lab: TrustLab;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-t-'));
  people = createPeople(dir);
});

afterAll(() => {
  people.close();
  rmSync(dir, { recursive: true, force: true });
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
    const env = {
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
    };
    lab = await createTrustLab({ trust: policyOf(people, 'tip'), env });
    await lab.daemon.start();
    await lab.deploy('good', lab.commit('honest', people.sign('ada')));
  });
  afterAll(() => lab.remove());

  test.each([...wrongKeys, ...wrongBytes])('refuses $name', async ({ reason, verdict, make }) => {
    await expectRefused(lab, lab.write(make(lab, people)), { reason, ...(verdict && { verdict }) });
  });

  test('runs a signed commit above an unsigned one, as it was told', async () => {
    const below = lab.commit('unsigned below', null);
    await expectDeployed(lab, lab.commit('signed tip', people.sign('bob'), { parents: [below] }), 'bob');
  });

  test('gave nothing of that environment to git, gpg or ssh-keygen', async () => {
    for (const tool of ['git', 'gpg', 'ssh-keygen']) {
      lab.tool(tool, `env | sed "s/^/${tool} /" >>${join(dir, 'seen')}\nexec "$REAL" "$@"`);
    }
    for (const name of ['bob', 'ada'] as const)
      await expectDeployed(lab, lab.commit('seen', people.sign(name)));
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
