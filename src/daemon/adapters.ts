import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkTrustedPath } from '../config/check-path.ts';
import { endpointOf } from '../config/remote-url.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/environment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import type { Log } from '../domain/log.ts';
import type { OwnUnit } from '../domain/own-unit.ts';
import { createMirror, type Mirror } from '../git/mirror.ts';
import type { RemoteSource } from '../git/remote-source.ts';
import { createTrust, type Trust } from '../git/trust.ts';
import { trustDirectory } from '../git/verifier.ts';
import type { OwnCheckDeps } from '../host/check-own-config.ts';
import { configuredChecks } from '../host/health/configured-checks.ts';
import { createHealth } from '../host/health/health.ts';
import { createActivator, resolveActivator, type Activator } from '../host/activate.ts';
import { createBootOnce, type BootOnce } from '../host/boot-once.ts';
import { createBootLoader, type BootLoader } from '../host/boot-loader.ts';
import { createCheckSwitch, type CheckSwitch } from '../host/check-switch.ts';
import { createDeadMan, type DeadMan } from '../host/dead-man.ts';
import { findInhibitor } from '../host/inhibitor.ts';
import { createHooks, type Hooks } from '../host/hooks.ts';
import { createDryActivate, type DryActivate } from '../host/dry-activate.ts';
import { createHostObserver, type HostObserver } from '../host/observe.ts';
import { readOwnUnit as readOwnUnitIn } from '../host/own-unit.ts';
import { createReboot, type Reboot } from '../host/reboot.ts';
import { createRollBack, type RollBack } from '../host/roll-back.ts';
import type { SystemDriver } from '../nix/driver.ts';
import { createClosures, type Closures } from '../nix/closures.ts';
import { createFlakeDriver } from '../nix/flake-driver.ts';
import { createProfile, fallbackProfileName, provenProfileName, type Profile } from '../nix/profile.ts';
import { createRoots, type Roots } from '../nix/roots.ts';
import { run } from '../process.ts';
import { createAuditLog, type AuditLog } from '../state/audit-log.ts';
import { createJournal, type Journal } from '../state/journal.ts';
import { createWitness, type Witness } from '../state/witness.ts';
import { readCandidateHealth } from './candidate-config.ts';
import { createCandidateHealth, type CandidateHealth } from './candidate-health.ts';
import { ruleOf } from './policy-of.ts';
import { createPlannedCommit, type PlannedCommit } from './commits-in-use.ts';
import type { RoomPlaces } from './must-have-room.ts';
import { asleep, uptime } from './uptime.ts';
import { keySourcesOf, trustPolicyOf } from './trust-of.ts';

/** Everything the daemon acts with, made from its configuration; making it changes nothing yet. */
export interface Adapters {
  readonly audit: AuditLog;
  readonly journal: Journal;
  readonly witness: Witness;
  readonly mirror: Mirror;
  readonly trust: Trust;
  readonly driver: SystemDriver;
  /** For plans. */
  readonly planDriver: SystemDriver;
  readonly planned: PlannedCommit;
  readonly closures: Closures;
  readonly dryActivate: DryActivate;
  readonly roots: Roots;
  readonly profile: Profile;
  /** See `PinParts`. */
  readonly provenProfile: Profile;
  readonly fallbackProfile: Profile;
  readonly observer: HostObserver;
  readonly activator: Activator;
  readonly checkSwitch: CheckSwitch;
  readonly places: RoomPlaces;
  /** `retention.bootEntries`. */
  readonly bootEntries: number | null;
  readonly bootLoader: BootLoader;
  readonly bootOnce: BootOnce;
  readonly deadMan: DeadMan;
  readonly rollBack: RollBack;
  readonly reboot: Reboot;
  readonly readOwnUnit: (toplevel: string) => Promise<OwnUnit>;
  readonly ownCheck: OwnCheckDeps;
  /** Names of the checks that the running configuration asks for. */
  readonly checkNames: readonly string[];
  readonly candidateHealth: CandidateHealth;
  readonly hooks: Hooks;
}

/** What adapters stand on beside the configuration. */
export interface AdapterDeps {
  readonly config: Config;
  readonly environment: Environment;
  readonly now: () => number;
  readonly onProgress: OnProgress;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** The longest pack one fetch may bring, in bytes. */
const maxPackBytes = 2 * 1024 ** 3;

/** Pre-switch checks look at files and at what runs; what takes longer hangs. */
const longestCheckMs = 5 * 60_000;

/** Makes the adapters of one daemon. */
export function createAdapters(deps: AdapterDeps): Adapters {
  const { config, environment, now, log } = deps;
  const { dir } = config.state;
  const nixEnvironment = environmentOfNix(deps);
  const mirror = createMirror({
    dir: join(dir, 'repo'),
    home: join(dir, 'git'),
    run,
    remotes: config.source.remotes.map(sourceOf),
    submodules: config.source.submodules,
    path: environment.path,
    proxyEnvironment: proxiesOf(environment),
    maxPackBytes,
    log,
  });
  const where = { root: config.system.root, storeDir: environment.nixStoreDir };
  const roots = createRoots({ environment: nixEnvironment });
  const observer = createHostObserver({
    root: config.system.root,
    storeDir: environment.nixStoreDir,
    now,
    others: async () => Object.values(await roots.list()),
  });
  const { root } = config.system;
  const profileNamed = (name: string) => createProfile({ run, environment: nixEnvironment, root, name });
  const readOwnUnit = (toplevel: string) => readOwnUnitIn(where, toplevel);
  const place = {
    root: config.system.root,
    run,
    activator: resolveActivator(config.system.activator, config.system.root),
    path: environment.path,
    localeArchive: environment.localeArchive,
  };
  if (place.activator === 'systemd' && findInhibitor('systemd', place.path) === null) {
    log.warn({}, 'systemd-inhibit is not on the PATH: nothing keeps the host awake while it is switched');
  }
  const activator = createActivator({ ...place, stateDir: dir, now: uptime, asleep });
  const deadMan = createDeadMan(place);
  return {
    audit: createAuditLog({ dir, now, log }),
    journal: createJournal({ dir, now }),
    witness: createWitness({ dir: config.state.witness, now }),
    mirror,
    trust: createTrust({
      run,
      dir: trustDirectory(dir),
      mirrorDir: join(dir, 'repo'),
      gitHome: join(dir, 'git'),
      path: environment.path,
      keys: keySourcesOf(config),
      checkFile: (path) => checkTrustedPath(path, process.getuid?.() ?? 0),
      policy: trustPolicyOf(config),
      ancestry: (commits, signal) => mirror.ancestry(commits, signal),
      describe: (id, signal) => mirror.describe(id, signal),
      workers: availableParallelism(),
      onProgress: deps.onProgress,
      now,
      stopping: deps.stopping,
    }),
    driver: driverIn(deps, mirror, 'nix'),
    planDriver: driverIn(deps, mirror, 'plan'),
    planned: createPlannedCommit(),
    closures: createClosures({ run, environment: nixEnvironment }),
    dryActivate: createDryActivate(place),
    roots,
    profile: profileNamed('system'),
    provenProfile: profileNamed(provenProfileName),
    fallbackProfile: profileNamed(fallbackProfileName),
    observer,
    activator,
    bootOnce: createBootOnce({
      root: config.system.root,
      storeDir: environment.nixStoreDir,
      run,
      path: environment.path,
    }),
    places: { root: config.system.root, storeDir: environment.nixStoreDir, stateDir: dir },
    bootEntries: config.retention.bootEntries,
    checkSwitch: createCheckSwitch({
      activator,
      timeoutMs: Math.min(config.activate.timeout, longestCheckMs),
    }),
    bootLoader: createBootLoader({ activator, observer, root: config.system.root }),
    deadMan,
    rollBack: createRollBack({ deadMan, observer }),
    reboot: createReboot(place),
    readOwnUnit,
    ownCheck: { run, path: environment.path },
    ...healthOf(deps, readOwnUnit),
    hooks: createHooks({
      ...place,
      stateDir: dir,
      commands: config.hooks,
      timeoutMs: config.hooks.timeout,
      now: uptime,
      asleep,
    }),
  };
}

function healthOf(
  { config, environment, log }: AdapterDeps,
  readOwnUnit: Adapters['readOwnUnit'],
): Pick<Adapters, 'checkNames' | 'candidateHealth'> {
  const { path } = environment;
  // Another root's system is not what this machine's systemd runs.
  const systemd = resolveActivator('auto', config.system.root) === 'systemd';
  const endpoints = config.source.remotes.flatMap(({ name, url }) => {
    const endpoint = endpointOf(url);
    return endpoint ? [{ remote: name, ...endpoint }] : [];
  });
  const checksOf = (health: Config['health']) => configuredChecks(health, { run, path, systemd, endpoints });
  const candidateHealth = createCandidateHealth({
    running: config.health,
    make: (health) => createHealth({ checks: checksOf(health), uptime }),
    read: (toplevel) => readCandidateHealth({ readOwnUnit, log }, toplevel),
  });
  return { checkNames: checksOf(config.health).map(({ name }) => name), candidateHealth };
}

function sourceOf(remote: Config['source']['remotes'][number]): RemoteSource {
  const { url, insecure, timeout, auth } = remote;
  return { ...ruleOf(remote), url, insecure, timeoutMs: timeout, auth };
}

function proxiesOf({ nixEnvironment }: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(nixEnvironment).filter(([name]) => /_proxy$/i.test(name)));
}

/** Each driver has a home of its own, because Nix's caches there are dropped before every evaluation. */
function driverIn(deps: AdapterDeps, mirror: Mirror, home: string): SystemDriver {
  const { config } = deps;
  return createFlakeDriver({
    run,
    environment: environmentOfNix(deps, home),
    gitEnvironment: mirror.environment(),
    nixConfFile: config.evaluate.nixConfFile,
    evaluate: {
      host: config.host,
      timeoutMs: config.evaluate.timeout,
      memoryBytes: config.evaluate.memory,
      allowImportFromDerivation: config.evaluate.allowImportFromDerivation,
    },
    build: { timeoutMs: config.build.timeout, mode: config.build.mode, options: config.build.options },
  });
}

/** HOME and XDG directories are abide's own: nothing of root's account reaches an evaluation. */
function environmentOfNix({ config, environment }: AdapterDeps, name = 'nix'): Record<string, string> {
  const home = join(config.state.dir, name);
  return {
    ...environment.nixEnvironment,
    PATH: environment.path,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
  };
}
