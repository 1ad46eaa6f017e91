import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { createAncestryReader } from '../../src/git/ancestry.ts';
import { localEnvironment } from '../../src/git/environment.ts';
import { createGit } from '../../src/git/git.ts';
import type { SignerSource } from '../../src/git/keyring.ts';
import { createTrust, type Trust } from '../../src/git/trust.ts';
import { run } from '../../src/process.ts';
import { never, openBench, remoteSource } from '../harness/git-mirror.ts';
import { createRepository, git } from '../harness/git-repository.ts';
import { createQuickGpgKey } from '../harness/quick-gpg-key.ts';
import { commitPayload, writeObject, writeTree } from '../harness/raw-objects.ts';
import { signed, type Sign } from '../harness/signing.ts';
import { createQuickKey } from '../harness/ssh-signer.ts';
import type { Figure } from './figure.ts';

const longest = 1000;
const rounds: Readonly<Record<number, number>> = { 1: 9, 50: 3, [longest]: 1 };

/** The time from a fetched head to its verdict, against bare git that looks at descent and verifies the same commits. */
export async function verify(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-bench-verify-'));
  try {
    const lines = await createLines(dir);
    const figures: Figure[] = [];
    for (const line of lines) {
      for (const size of Object.keys(rounds)) figures.push(...(await measureRange(line, Number(size))));
      figures.push(await measureCached(line));
    }
    return figures;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A signed history in a mirror, the keys to judge it by, and the same keys for git by itself. */
interface Line {
  readonly kind: 'ssh' | 'gpg';
  readonly dir: string;
  readonly gitDir: string;
  /** Oldest first; the first is the floor of the longest range. */
  readonly ids: readonly string[];
  readonly signer: SignerSource;
  readonly env: Readonly<Record<string, string>>;
}

async function createLines(dir: string): Promise<readonly Line[]> {
  const repository = createRepository(join(dir, 'r'), { bare: true }).dir;
  const [sshKey, gpgKey] = [createQuickKey(), createQuickGpgKey()];
  const ids = {
    ssh: writeHistory(repository, 'ssh', sshKey.sign),
    gpg: writeHistory(repository, 'gpg', gpgKey.sign),
  };
  git(repository, 'repack', '-adq');
  const testing = null;
  const remotes = (['ssh', 'gpg'] as const).map((name) =>
    remoteSource(repository, { name, main: { name, operation: 'switch' }, testing }),
  );
  const { mirror, gitDir } = await openBench(dir, remotes);
  for (const { name } of remotes) await mirror.fetch(name, never);
  const keyFile = join(dir, 'key.pub');
  writeFileSync(keyFile, gpgKey.publicKey);
  writeFileSync(join(dir, 'allowed'), `ada@example.org namespaces="git" ${sshKey.publicKey}\n`);
  writeFileSync(join(dir, '.gitconfig'), `[gpg "ssh"]\n\tallowedSignersFile = ${join(dir, 'allowed')}\n`);
  const env = { PATH: path, HOME: dir, GNUPGHOME: join(dir, 'gnupg'), LC_ALL: 'C' };
  mkdirSync(env.GNUPGHOME, { mode: 0o700 });
  await execa('gpg', ['--batch', '--no-autostart', '--import', keyFile], { env });
  const shared = { dir, gitDir, env };
  return [
    { ...shared, kind: 'ssh', ids: ids.ssh, signer: { name: 'ada', sshKey: sshKey.publicKey } },
    {
      ...shared,
      kind: 'gpg',
      ids: ids.gpg,
      signer: { name: 'ada', gpgKeyFile: keyFile, gpgFingerprint: gpgKey.fingerprint },
    },
  ];
}

const path = process.env['PATH'] ?? '/usr/bin:/bin';

function writeHistory(repository: string, branch: string, sign: Sign): readonly string[] {
  const tree = writeTree(repository, { a: 'a\n' });
  const ids: string[] = [];
  for (let at = 0; at <= longest; at += 1) {
    const payload = commitPayload({ tree, parents: ids.slice(-1), message: `${branch} ${at}` });
    ids.push(writeObject(repository, 'commit', signed(payload, sign)));
  }
  git(repository, 'update-ref', `refs/heads/${branch}`, ids.at(-1) ?? '');
  return ids;
}

async function measureRange(line: Line, size: number): Promise<Figure[]> {
  const floor = line.ids.at(-1 - size) ?? '';
  const samples = { abide: [] as number[], shared: [] as number[], single: [] as number[] };
  for (let round = 0; round < (rounds[size] ?? 1); round += 1) {
    const trust = await freshTrust(line, floor);
    samples.abide.push(await timeOf(() => judge(line, trust, floor)));
    if (size > 1) samples.shared.push(await timeOf(() => loop(line, floor, sharedLoop(size))));
    samples.single.push(await timeOf(() => loop(line, floor, singleLoop)));
  }
  const name = `${line.kind}: a range of ${size} verified`;
  const beside = { name, unit: 'ms', abide: samples.abide } as const;
  // A single commit is also asked for its descent, its range and its bytes, which are processes that bare git saves.
  const moreMs = size === 1 ? 50 : 0;
  const met = (ours: number, bare: number) => ours <= bare + moreMs;
  const aim = { text: size === 1 ? `at most ${moreMs} ms more` : 'at most as long', met };
  return [
    { ...beside, baseline: samples.single, baselineName: `\`${singleLoop}\``, aim },
    ...(size > 1
      ? [{ ...beside, baseline: samples.shared, baselineName: `\`${sharedLoop(size)}\``, aim: null }]
      : []),
  ];
}

async function measureCached(line: Line): Promise<Figure> {
  const floor = line.ids[0] ?? '';
  const trust = await freshTrust(line, floor);
  await judge(line, trust, floor);
  const samples = { abide: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < 15; round += 1) {
    samples.abide.push(await timeOf(() => judge(line, trust, floor)));
    samples.baseline.push(await timeOf(() => loop(line, floor, 'wc -l')));
  }
  return {
    name: `${line.kind}: a range of ${longest} judged again`,
    unit: 'ms',
    ...samples,
    baselineName: '`git rev-list` alone',
    aim: { text: 'at most 100 ms', met: (ours) => ours <= 100 },
  };
}

/** As a daemon has it that runs the floor, read its keys and has seen none of these commits. */
async function freshTrust({ dir, gitDir, signer, kind, ids }: Line, floor: string): Promise<Trust> {
  const gitHome = join(dir, 'home');
  const env = localEnvironment({ home: gitHome, path, proxyEnvironment: {} });
  const ancestry = createAncestryReader(createGit({ run, gitDir, env }));
  const trust = createTrust({
    run,
    dir: await mkdtemp(join(dir, 'trust-')),
    path,
    keys: { signers: [signer], allowedSignersFile: null, revokedKeysFile: null },
    checkFile: () => Promise.resolve(null),
    stopping: never,
    mirrorDir: join(dir, 'repo'),
    gitHome,
    policy: {
      mode: 'range',
      anchor: null,
      clockSkewMs: 600_000,
      maxRange: 20_000,
      branches: { main: null, testing: null },
      remotes: {},
    },
    ancestry: (commits, signal) => ancestry.read(commits, signal),
    describe: () => Promise.reject(new Error('the head itself has to be the candidate')),
    workers: availableParallelism(),
    onProgress: () => undefined,
    now: Date.now,
  });
  // The keys are read before the clock runs; the first commit is in no range.
  await trust.judgeAlone(ids[0] ?? '', { remote: kind, role: 'main' }, never);
  // It knows what it deployed.
  await trust.payloadHash(floor, never);
  return trust;
}

async function judge({ kind, ids }: Line, trust: Trust, floor: string): Promise<void> {
  const main = { id: ids.at(-1) ?? '', subject: '', author: '', committedAt: '' };
  const base = {
    floor: { commit: floor, payloadHash: null },
    firstAccepted: null,
    mains: [],
    deployed: null,
  };
  const offer = await trust.judge({ remote: kind, main, testing: null, changed: true }, base, never);
  if (offer.main?.verdict.status !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(offer)}`);
}

/** Says of each commit whether it is good; git that is given several says nothing of those after a malformed one. */
const singleLoop = 'xargs -P2 -n1 git verify-commit --raw';

function sharedLoop(size: number): string {
  return `xargs -P2 -n${Math.min(50, Math.ceil(size / 2))} git verify-commit --raw`;
}

async function loop({ gitDir, ids, env }: Line, floor: string, work: string): Promise<void> {
  const script = `set -eo pipefail; git merge-base --is-ancestor ${floor} ${ids.at(-1)}; git rev-list ${floor}..${ids.at(-1)} | ${work}`;
  await execa('bash', ['-c', script], {
    env: { ...env, GIT_DIR: gitDir },
    extendEnv: false,
    stdio: 'ignore',
  });
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
