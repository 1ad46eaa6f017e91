import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BranchStatus, HostStatus } from '../../../src/domain/status.ts';
import { createDaemon, type Daemon } from '../../harness/daemon.ts';
import { createRepository } from '../../harness/git-repository.ts';
import { createImitationHost, type ImitationHost } from '../../harness/imitation-host.ts';
import { createNixStore } from '../../harness/nix-store.ts';
import {
  commitPayload,
  writeObject,
  writeTree,
  type CommitFields,
  type TreeContent,
} from '../../harness/raw-objects.ts';
import { withSignature, type Sign } from '../../harness/signing.ts';
import { built } from '../built.ts';

/** A host whose remotes serve commits made object by object; what is in no remote is in the workshop. */
export interface TrustLab {
  readonly dir: string;
  /** Where objects are written; every remote can serve them. */
  readonly workshop: string;
  readonly daemon: Daemon;
  readonly host: ImitationHost;
  /** The daemon's environment from its next start on. */
  readonly env: Record<string, string>;
  /** The commit that runs here by what the tests did. */
  readonly floor: string;
  repository(remote: string): string;
  /** The tree of the imitation host with this note, and more files. */
  tree(note: string, more?: TreeContent): string;
  /** What a commit on top of the floor says, unless told otherwise. */
  payload(note: string, fields?: Partial<CommitFields>): Buffer;
  /** Writes a commit as it is. */
  write(commit: Buffer): string;
  /** Writes a commit on top of the floor, signed unless by nobody. */
  commit(note: string, sign: Sign | null, fields?: Partial<CommitFields>): string;
  /** Points a branch of a remote to a commit; null removes it. */
  publish(remote: string, commit: string | null, branch?: string): void;
  /** Waits for the verdict on what a remote offers. */
  verdictOn(remote: string, head: string, role?: 'main' | 'testing'): Promise<HostStatus>;
  /** Waits until the host runs the commit and all is in sync; it is the floor then. */
  until(commit: string): Promise<HostStatus>;
  /** Publishes and waits for it. */
  deploy(remote: string, commit: string): Promise<HostStatus>;
  /** How many evaluations there were since the daemon started. */
  evaluations(): Promise<number>;
  /** Puts a program before the machine's own of that name; `$REAL` is the one it hides. null takes it away. */
  tool(name: string, script: string | null): void;
  /** The configuration as it is in its file. */
  config(): Readonly<Record<string, unknown>>;
  /** Restarts with other keys of the configuration. */
  reconfigure(config: Readonly<Record<string, unknown>>): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export interface TrustLabOptions {
  readonly trust: Readonly<Record<string, unknown>>;
  /** In their order, with more configuration for each. */
  readonly remotes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

const fixture = fileURLToPath(new URL('../../fixtures/imitation-nixos/', import.meta.url));

/** Makes a lab whose daemon is not started yet. */
export async function createTrustLab(options: TrustLabOptions): Promise<TrustLab> {
  const { remotes = { evil: {}, good: {} } } = options;
  await built();
  const dir = await mkdtemp(join(tmpdir(), 'abide-adv-'));
  const store = await createNixStore(join(dir, 'nix'));
  const host = await createImitationHost(join(dir, 'host'));
  const workshop = createRepository(join(dir, 'workshop'), { bare: true }).dir;
  const repository = (name: string) => join(dir, `${name}.git`);
  for (const name of Object.keys(remotes)) createRemote(repository(name), workshop);
  mkdirSync(join(dir, 'tools'));
  const env = { ...store.env, ...options.env, PATH: `${join(dir, 'tools')}:${store.env['PATH']}` };
  const sources = Object.entries(remotes).map(([name, more]) => ({
    name,
    url: repository(name),
    poll: '1s',
    ...more,
  }));
  const config = {
    host: 'alpha',
    source: { remotes: sources },
    trust: options.trust,
    drift: { interval: '1s' },
    system: { root: host.root },
    ...options.config,
  };
  const daemon = await createDaemon({ dir, env, config });
  let floor = '';

  const base = baseContent();
  const tree: TrustLab['tree'] = (note, more = {}) =>
    writeTree(workshop, { ...base, 'hosts.nix': `{ alpha = { note = "${note}"; }; }\n`, ...more });
  const payload: TrustLab['payload'] = (note, fields = {}) =>
    commitPayload({
      tree: fields.tree ?? tree(note),
      parents: floor === '' ? [] : [floor],
      message: note,
      ...fields,
    });
  const write = (commit: Buffer) => writeObject(workshop, 'commit', commit);
  const publish: TrustLab['publish'] = (remote, commit, branch = 'main') =>
    writeRef(repository(remote), branch, commit);
  const until: TrustLab['until'] = async (commit) => {
    const status = await daemon.until(
      `the deployment of ${commit}`,
      ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit,
    );
    if (!status.desired?.testing) floor = commit;
    return status;
  };
  const restart = async () => {
    await daemon.stop();
    await daemon.start();
  };
  const configNow = () => JSON.parse(readFileSync(daemon.configFile, 'utf8')) as Record<string, unknown>;
  return {
    dir,
    workshop,
    daemon,
    host,
    env,
    get floor() {
      return floor;
    },
    repository,
    tree,
    payload,
    write,
    commit: (note, sign, fields) => {
      const bytes = payload(note, fields);
      return write(sign === null ? bytes : withSignature(bytes, sign(bytes)));
    },
    publish,
    verdictOn: (remote, head, role = 'main') =>
      daemon.until(`a verdict on ${head}`, (status) => {
        const branch = branchOf(status, remote, role);
        return branch?.head === head && branch.verdict !== null;
      }),
    until,
    deploy: (remote, commit) => {
      publish(remote, commit);
      return until(commit);
    },
    evaluations: async () =>
      Number(/_count\{phase="evaluate"\} (\d+)/.exec(await daemon.metrics())?.[1] ?? 0),
    tool: (name, script) => writeTool(join(dir, 'tools', name), name, script),
    config: configNow,
    reconfigure: async (more) => {
      await daemon.stop();
      writeFileSync(daemon.configFile, JSON.stringify({ ...configNow(), ...more }));
      await daemon.start();
    },
    restart,
    remove: async () => {
      await daemon.stop();
      await store.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What a status says of one branch of one remote. */
export function branchOf(
  { remotes }: HostStatus,
  remote: string,
  role: 'main' | 'testing' = 'main',
): BranchStatus | null {
  return remotes.find(({ name }) => name === remote)?.[role] ?? null;
}

/** The variant for machines with systemd, a directory, is not wanted here. */
function baseContent(): TreeContent {
  const files = readdirSync(fixture, { withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(fixture, name), 'utf8')]));
}

function createRemote(dir: string, workshop: string): void {
  createRepository(dir, { bare: true });
  mkdirSync(join(dir, 'objects/info'), { recursive: true });
  writeFileSync(join(dir, 'objects/info/alternates'), `${join(workshop, 'objects')}\n`);
}

// As git does it, but without asking whether the commit is one.
function writeRef(dir: string, branch: string, commit: string | null): void {
  const file = join(dir, 'refs/heads', branch);
  if (commit === null) {
    rmSync(file, { force: true });
    return;
  }
  writeFileSync(`${file}.lock`, `${commit}\n`);
  renameSync(`${file}.lock`, file);
}

function writeTool(file: string, name: string, script: string | null): void {
  if (script === null) {
    rmSync(file, { force: true });
    return;
  }
  const real = execFileSync('sh', ['-c', `command -v ${name} || true`], { encoding: 'utf8' }).trim();
  const text = script.startsWith('#!') ? script : `#!/bin/sh\nREAL=${real}\n${script}\n`;
  writeFileSync(`${file}.new`, text, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}
