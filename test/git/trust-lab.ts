import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Head, Verdict } from '../../src/domain/remote.ts';
import type { TrustPolicy } from '../../src/domain/trust-policy.ts';
import type { CheckTrustFile, KeySources } from '../../src/git/keyring.ts';
import type { Mirror } from '../../src/git/mirror.ts';
import { createTrust, type JudgeBase, type Trust, type TrustDeps } from '../../src/git/trust.ts';
import { run, type Command } from '../../src/process.ts';
import { never, openBench } from '../harness/git-mirror.ts';
import { commitPayload, writeObject, writeTree, type CommitFields } from '../harness/raw-objects.ts';
import { signed, type Sign } from '../harness/signing.ts';

/** A mirror to which a test adds commits as it likes, and what judges them. */
export interface TrustLab {
  readonly dir: string;
  readonly gitDir: string;
  readonly mirror: Mirror;
  readonly tree: string;
  /** Writes a commit, signed or not, a moment ago unless told otherwise; its id. */
  commit(by: Sign | null, fields?: Omit<CommitFields, 'tree'>): string;
  /** Writes the bytes of a commit as they are. */
  write(bytes: Buffer): string;
  /** A line of commits on top of one another, oldest first. */
  line(by: readonly (Sign | null)[], onto?: string): readonly string[];
  /** A trust of a new daemon. */
  trust(given?: TrustGiven): LabTrust;
}

export interface TrustGiven extends Partial<Omit<TrustDeps, 'policy' | 'keys'>> {
  readonly keys?: Partial<KeySources>;
  readonly policy?: Partial<TrustPolicy>;
  readonly checkFile?: CheckTrustFile;
}

export interface LabTrust extends Trust {
  readonly dir: string;
  /** All it ran, also of git's own. */
  readonly commands: Command[];
  /** How a main head is judged. */
  main(head: string, base?: Partial<JudgeBase>, remote?: string): Promise<Head>;
  verdict(head: string, base?: Partial<JudgeBase>): Promise<Verdict>;
  testing(head: string, base?: Partial<JudgeBase>, remote?: string): Promise<Head>;
}

export const floorAt = (commit: string, payloadHash: string | null = null): Partial<JudgeBase> => ({
  floor: { commit, payloadHash },
});

/** Opens a mirror of no remote in the directory. */
export async function openTrustLab(dir: string): Promise<TrustLab> {
  const { mirror, gitDir } = await openBench(dir, []);
  const tree = writeTree(gitDir, { a: 'a\n' });
  const write = (bytes: Buffer) => writeObject(gitDir, 'commit', bytes);
  let count = 0;
  const commit: TrustLab['commit'] = (by, fields = {}) => {
    count += 1;
    const date = Math.floor(Date.now() / 1000) - 3600;
    const payload = commitPayload({ tree, date, message: `change ${count}`, ...fields });
    return write(by ? signed(payload, by) : payload);
  };
  return {
    dir,
    gitDir,
    mirror,
    tree,
    commit,
    write,
    line: (by, onto) => {
      const ids: string[] = [];
      for (const sign of by) {
        const parent = ids.at(-1) ?? onto;
        ids.push(commit(sign, { parents: parent === undefined ? [] : [parent] }));
      }
      return ids;
    },
    trust: (given) => labTrust({ dir, mirror }, given),
  };
}

function labTrust({ dir, mirror }: Pick<TrustLab, 'dir' | 'mirror'>, given: TrustGiven = {}): LabTrust {
  const { policy, keys, ...deps } = given;
  const own = deps.dir ?? mkdtempSync(join(dir, 'trust-'));
  mkdirSync(own, { recursive: true });
  const commands: Command[] = [];
  const inner = deps.run ?? run;
  const trust = createTrust({
    path: process.env['PATH'] ?? '',
    checkFile: () => Promise.resolve(null),
    stopping: never,
    mirrorDir: join(dir, 'repo'),
    gitHome: join(dir, 'home'),
    ancestry: (commits, signal) => mirror.ancestry(commits, signal),
    describe: (id, signal) => mirror.describe(id, signal),
    workers: 2,
    onProgress: () => undefined,
    now: Date.now,
    ...deps,
    dir: own,
    run: (command, signal) => {
      commands.push(command);
      return inner(command, signal);
    },
    keys: { signers: [], allowedSignersFile: null, revokedKeysFile: null, ...keys },
    policy: {
      mode: 'range',
      anchor: null,
      clockSkewMs: 600_000,
      maxRange: 20_000,
      branches: { main: null, testing: null },
      remotes: {},
      ...policy,
    },
  });
  const judged = async (
    fetched: { main: string | null; testing: string | null },
    base?: Partial<JudgeBase>,
    remote = 'origin',
  ) => {
    const commit = (id: string | null) => id && { id, subject: '', author: '', committedAt: '' };
    const asked = {
      remote,
      changed: true,
      main: commit(fetched.main) || null,
      testing: commit(fetched.testing) || null,
    };
    const all = { floor: null, firstAccepted: null, mains: [], deployed: null, ...base };
    return trust.judge(asked, all, never);
  };
  const must = (head: Head | null) => {
    if (!head) throw new Error('no head was judged');
    return head;
  };
  const main: LabTrust['main'] = async (head, base, remote) =>
    must((await judged({ main: head, testing: null }, base, remote)).main);
  return {
    ...trust,
    dir: own,
    commands,
    main,
    verdict: async (head, base) => (await main(head, base)).verdict,
    testing: async (head, base, remote) =>
      must((await judged({ main: null, testing: head }, base, remote)).testing),
  };
}
