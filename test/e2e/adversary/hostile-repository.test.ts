import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRepository, git } from '../../harness/git-repository.ts';
import { writeBlob, writeRawTree, writeTree, type TreeContent } from '../../harness/raw-objects.ts';
import { edited, signed } from '../../harness/signing.ts';
import { createQuickKey } from '../../harness/ssh-signer.ts';
import { expectDeployed, expectNotFetched, expectRefused } from './expect-refused.ts';
import { branchOf, createTrustLab, type TrustLab } from './trust-lab.ts';

const ada = createQuickKey();
const nobody = 65534;
let lab: TrustLab;
let marker: string;

beforeAll(async () => {
  lab = await createTrustLab({
    trust: { signers: [{ name: 'ada', sshKey: ada.publicKey }] },
    remotes: { evil: {}, good: {} },
  });
  marker = join(lab.dir, 'marker');
  await lab.daemon.start();
  await lab.deploy('good', lab.commit('honest', ada.sign));
});

afterAll(() => lab.remove());

const mirror = () => join(lab.dir, 'state/repo/.git');
const refs = () => git(mirror(), 'for-each-ref', '--format=%(refname)').split('\n');
const plant = (file: string, text: string) => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
};

describe('refs and files that tell git of other commits', () => {
  test('replace refs of a remote are not taken', async () => {
    const head = lab.commit('unsigned', null);
    plant(join(lab.repository('evil'), 'refs/replace', head), `${lab.floor}\n`);
    await expectRefused(lab, head, { reason: 'unsigned' });
    expect(refs().filter((ref) => ref.includes('replace'))).toEqual([]);
  });

  test('replace refs in the mirror are not looked at', async () => {
    const head = lab.commit('unsigned too', null);
    plant(join(mirror(), 'refs/replace', head), `${lab.floor}\n`);
    await expectRefused(lab, head, { reason: 'unsigned' });
  });

  test('grafts and a shallow file in the mirror hide no commit', async () => {
    const below = lab.commit('hidden', null);
    const head = lab.commit('above', ada.sign, { parents: [below] });
    plant(join(mirror(), 'info/grafts'), `${head} ${lab.floor}\n`);
    await expectRefused(lab, head, { reason: 'unsigned' });
    const shallow = join(mirror(), 'shallow');
    plant(shallow, `${head}\n`);
    const evaluations = await lab.evaluations();
    const more = lab.commit('more above', ada.sign, { parents: [head] });
    lab.publish('evil', more);
    const status = await lab.verdictOn('evil', more);
    expect([lab.floor, null]).toContain(branchOf(status, 'evil')?.candidate);
    rmSync(shallow);
    await lab.deploy('good', lab.commit('honest meanwhile', ada.sign));
    expect(await lab.evaluations()).toBe(evaluations + 1);
  });

  test.each([
    ['the head itself', (below: string) => below],
    ['below a signed head', (below: string) => lab.commit('above it', ada.sign, { parents: [below] })],
  ])('an object of the mirror that is not what its name says is never trusted: %s', async (_, headOn) => {
    const below = lab.commit('another content', null);
    const signed = lab.commit('signed content', ada.sign);
    const planted = join(mirror(), 'objects', below.slice(0, 2), below.slice(2));
    plant(planted, '');
    copyFileSync(join(lab.workshop, 'objects', signed.slice(0, 2), signed.slice(2)), planted);
    const head = headOn(below);
    const evaluations = await lab.evaluations();
    lab.publish('evil', head);
    await lab.daemon.until('a word on it', ({ remotes: [evil] }) =>
      Boolean(evil?.error ?? (evil?.main?.head === head && evil.main.verdict !== null)),
    );
    const status = await lab.deploy('good', lab.commit('honest beside it', ada.sign));
    expect(branchOf(status, 'evil')?.candidate).not.toBe(head);
    expect(await lab.evaluations()).toBe(evaluations + 1);
    rmSync(planted);
    lab.publish('evil', lab.floor);
    await lab.daemon.until('peace', ({ remotes }) => remotes.every(({ error }) => error === null));
  });

  test('tags and branches that are called like others are nothing', async () => {
    const head = lab.commit('unsigned tag', null);
    for (const name of [
      'tags/main',
      'tags/evil/main',
      'tags/origin/main',
      'heads/origin/main',
      'remotes/evil/main',
    ]) {
      plant(join(lab.repository('evil'), 'refs', name), `${head}\n`);
    }
    plant(join(lab.repository('evil'), 'main'), `${head}\n`);
    await expectDeployed(lab, lab.commit('the branch', ada.sign));
    expect(refs().filter((ref) => /tags|origin|heads\/main/.test(ref))).toEqual([]);
  });
});

describe('a signed commit', () => {
  const link = () => ({ mode: '120000', id: writeBlob(lab.workshop, '/etc/shadow') });
  const directory = () => ({ mode: '40000', id: writeTree(lab.workshop, { config: '[core]\n' }) });
  const modules = (name: string, url: string) => `[submodule "${name}"]\n\tpath = x\n\turl = ${url}\n`;
  const signedTree = (tree: string) => lab.commit('hostile tree', ada.sign, { tree });

  test.each([
    ['a directory .git', 'hasDotgit', () => ({ '.git': directory() })],
    ['a directory .GIT', 'hasDotgit', () => ({ '.GIT': directory() })],
    ['a directory that HFS takes for .git', 'hasDotgit', () => ({ '.g\u200cit': directory() })],
    ['a directory ..', 'hasDotdot', () => ({ '..': directory() })],
    ['a name with a slash', 'fullPathname', () => ({ 'a/b': 'text' })],
    ['.gitmodules as a link', 'gitmodulesSymlink', () => ({ '.gitmodules': link() })],
    [
      'a submodule whose URL is an option',
      'gitmodulesUrl',
      () => ({ '.gitmodules': modules('x', `--upload-pack=touch ${marker}`) }),
    ],
    [
      'a submodule whose name leads out',
      'gitmodulesName',
      () => ({ '.gitmodules': modules('../../x', 'https://evil.example/x') }),
    ],
  ] as [string, string, () => TreeContent][])('with %s is not taken', async (_, says, content) => {
    await expectNotFetched(lab, signedTree(writeTree(lab.workshop, content())), says);
    expect(existsSync(marker)).toBe(false);
  });

  test('with one name twice is not taken', async () => {
    const entries = [
      ['a', 'one'],
      ['a', link()],
    ] as const;
    await expectNotFetched(lab, signedTree(writeRawTree(lab.workshop, entries)), 'duplicateEntries');
  });

  test('dated beyond all clocks is not taken', async () => {
    const commit = edited(
      lab.payload('dated', { date: 4_102_444_800 }),
      '4102444800 +0000\ncommitter',
      '1 +0000\ncommitter',
    );
    const beyond = edited(commit, '4102444800', '99999999999999999999');
    await expectNotFetched(lab, lab.write(signed(beyond, ada.sign)), 'badDateOverflow');
  });

  test('whose parent is nowhere is not taken', async () => {
    await expectNotFetched(
      lab,
      lab.commit('orphan', ada.sign, { parents: ['1'.repeat(40)] }),
      '1'.repeat(40),
    );
  });

  test('of twenty megabytes harms nobody', async () => {
    const message = 'x'.repeat(20 << 20);
    const head = lab.commit('huge', null, { message });
    const evaluations = await lab.evaluations();
    lab.publish('evil', head);
    const status = await lab.deploy('good', lab.commit('beside something huge', ada.sign));
    expect(branchOf(status, 'evil')?.candidate).not.toBe(head);
    const after = await lab.daemon.until('a word on it', ({ remotes: [evil] }) =>
      Boolean(evil?.error ?? (evil?.main?.head === head && evil.main.verdict === 'rejected')),
    );
    expect(after.desired?.commit).toBe(lab.floor);
    expect(await lab.evaluations()).toBe(evaluations + 1);
    lab.publish('evil', lab.floor);
    await lab.daemon.until('peace', ({ remotes }) => remotes.every(({ error }) => error === null));
  });

  test('that looks like a repository itself runs, and its configuration does not', async () => {
    const place = { mode: '40000', id: writeTree(lab.workshop, { keep: '' }) };
    const config = `[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = "touch ${marker} #"\n\trepositoryformatversion = 0\n`;
    const tree = lab.tree('embedded', {
      HEAD: 'ref: refs/heads/main\n',
      config,
      objects: place,
      refs: place,
    });
    await expectDeployed(lab, lab.commit('embedded', ada.sign, { tree }));
    expect(existsSync(marker)).toBe(false);
  });

  test('drives no terminal with what it says, be it refused or run', async () => {
    const says = '\u001b]0;owned\u0007\u001b[31mred \u202edettimmoc\u2066';
    await expectRefused(lab, lab.commit(says, null, { author: says, tree: lab.tree('x') }), {
      reason: 'unsigned',
    });
    await expectDeployed(lab, lab.commit(says, ada.sign, { author: says, tree: lab.tree('y') }));
    const shown = [lab.daemon.log(), await lab.daemon.metrics(), JSON.stringify(await lab.daemon.status())];
    for (const command of ['status', 'events', 'history']) shown.push((await lab.daemon.cli(command)).stdout);
    expect(shown.join('\n')).toContain('red');
    expect(shown.join('\n')).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\\u001b/,
    );
  });
});

describe.skipIf(process.getuid?.() !== 0)('a local repository of somebody else (needs root)', () => {
  test('gives what is signed and nothing else, and nothing of it runs as root', async () => {
    chmodSync(lab.dir, 0o755);
    const { dir } = createRepository(join(lab.dir, 'foreign'), { bare: true });
    const unsigned = lab.commit('unsigned of somebody', null);
    const head = lab.commit('signed of somebody', ada.sign);
    git(lab.workshop, 'push', '--quiet', dir, `${unsigned}:refs/heads/main`, `${head}:refs/heads/next`);
    plant(marker, '');
    chmodSync(marker, 0o666);
    for (const key of ['uploadpack.packObjectsHook', 'core.fsmonitor', 'core.alternateRefsCommand']) {
      git(dir, 'config', key, `sh -c 'id -u >>${marker}'`);
    }
    const { source } = lab.config() as { source: { remotes: { name: string; url: string }[] } };
    const [evil, good] = source.remotes;
    execFileSync('chown', ['-R', `${nobody}:${nobody}`, dir]);
    await lab.reconfigure({ source: { remotes: [{ ...evil, url: dir }, good] } });
    const refused = await lab.daemon.until('a verdict', ({ remotes }) => remotes[0]?.main?.verdict != null);
    expect(refused.remotes[0]?.main).toMatchObject({ verdict: 'rejected', reason: 'unsigned' });
    writeFileSync(join(dir, 'refs/heads/main'), `${head}\n`);
    await lab.until(head);
    expect(readFileSync(marker, 'utf8')).not.toContain('0\n');
  });
});
