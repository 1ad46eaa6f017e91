import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { createDaemon, type Daemon } from '../harness/daemon.ts';
import {
  createImitationHost,
  createInfraRepository,
  type ImitationHost,
  type InfraRepository,
} from '../harness/imitation-host.ts';
import { createNixStore } from '../harness/nix-store.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';

/** Everything the tour walks through, in one throw-away directory. */
export interface World {
  readonly dir: string;
  /** Where the tour's author works; commits go to `origin` by push. */
  readonly desk: InfraRepository;
  /** The second remote: a working repository on this machine, watched. */
  readonly laptop: InfraRepository;
  readonly host: ImitationHost;
  readonly daemon: Daemon;
  readonly env: Readonly<Record<string, string>>;
  /** Commits a new note for the host at the desk and pushes main to origin; gives the commit. */
  push(note: string, more?: string): Promise<string>;
  /** The same in the laptop's own repository, on top of what origin has. */
  commitOnLaptop(note: string): Promise<string>;
  /** Commits a new note at the desk without a signature and pushes nothing; gives the commit. */
  commitUnsigned(note: string): Promise<string>;
  originGoesAway(): Promise<void>;
  originComesBack(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes two remotes, an imitation host with a private Nix store, and a daemon that is not started yet. All commits are
 * signed with the SSH key of one author, and this is the only key that the daemon trusts.
 */
export async function createWorld(): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-demo-'));
  const store = await createNixStore(join(dir, 'nix'));
  const host = await createImitationHost(join(dir, 'host'), 'demo');
  const desk = await createInfraRepository(join(dir, 'desk'));
  const origin = join(dir, 'origin.git');
  const commit = async (repository: InfraRepository, note: string, more = '') => {
    await repository.setHosts(`{ demo = { note = "${note}"; ${more} }; }\n`);
    return repository.commit(note);
  };
  const keys = await createSshKeys();
  const publicKey = await keys.publicKey('ada', 'ed25519');
  await signWith(desk, keys.privateKeyFile('ada'));
  await commit(desk, 'first');
  await desk.git('clone', '--quiet', '--bare', '.', origin);
  await desk.git('remote', 'add', 'origin', origin);
  const laptop = await cloneOf(desk, join(dir, 'laptop'));
  await signWith(laptop, keys.privateKeyFile('ada'));
  const daemon = await createDaemon({
    dir,
    env: store.env,
    config: {
      host: 'demo',
      source: {
        remotes: [
          { name: 'origin', url: origin, poll: '1s', watch: false },
          { name: 'laptop', url: laptop.dir, poll: '1m', branches: { testing: null } },
        ],
      },
      trust: { signers: [{ name: 'ada', sshKey: publicKey }] },
      drift: { interval: '1s' },
      system: { root: host.root },
    },
  });
  return {
    dir,
    desk,
    laptop,
    host,
    daemon,
    env: store.env,
    push: async (note, more) => {
      const id = await commit(desk, note, more);
      await desk.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main');
      return id;
    },
    commitUnsigned: async (note) => {
      await desk.setHosts(`{ demo = { note = "${note}"; }; }\n`);
      await desk.git('commit', '--quiet', '--all', '--no-gpg-sign', '--message', note);
      return desk.git('rev-parse', 'HEAD');
    },
    commitOnLaptop: async (note) => {
      await laptop.git('fetch', '--quiet', desk.dir, 'main');
      await laptop.git('merge', '--quiet', '--ff-only', 'FETCH_HEAD');
      const id = await commit(laptop, note);
      await desk.git('fetch', '--quiet', laptop.dir, 'main');
      await desk.git('merge', '--quiet', '--ff-only', 'FETCH_HEAD');
      return id;
    },
    originGoesAway: () => rename(origin, `${origin}.away`),
    originComesBack: async () => {
      await rename(`${origin}.away`, origin);
      await desk.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    },
    remove: async () => {
      await store.remove();
      await keys.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function signWith({ git }: InfraRepository, keyFile: string): Promise<void> {
  await git('config', 'gpg.format', 'ssh');
  await git('config', 'user.signingKey', keyFile);
  await git('config', 'commit.gpgSign', 'true');
}

async function cloneOf(desk: InfraRepository, dir: string): Promise<InfraRepository> {
  await desk.git('clone', '--quiet', '.', dir);
  const repository: InfraRepository = {
    ...desk,
    dir,
    git: async (...args) => desk.git('-C', dir, ...args),
    setHosts: (text) => repository.write('hosts.nix', text),
    write: async (path, text) => {
      await execa('tee', [join(dir, path)], { input: text, stdout: 'ignore' });
    },
    commit: async (message) => {
      await repository.git('add', '--all');
      await repository.git('commit', '--quiet', '--allow-empty', '--message', message);
      return repository.git('rev-parse', 'HEAD');
    },
  };
  return repository;
}
