import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { abideVersion } from './domain/abide-version.ts';
import { ConfigError } from './config/config-error.ts';
import { readEnvironment } from './config/environment.ts';
import { describeConfig, findConfigWarnings } from './config/describe.ts';
import { loadConfig, type LoadDeps } from './config/load.ts';
import { readAllowedSigners } from './config/trust-content.ts';
import type { Config } from './config/schema.ts';
import { toProblem } from './domain/problem.ts';
import type { Log } from './domain/log.ts';
import { untilConfigChanges } from './daemon/config-change.ts';
import type { Started } from './daemon/own-proof.ts';
import { startDaemon, type RunningDaemon } from './daemon/start-daemon.ts';
import { takeLeave } from './daemon/take-leave.ts';
import { createLog } from './log.ts';
import { run } from './process.ts';
import { takeLock } from './state/lock.ts';

/** How long a stopping daemon waits for what still runs, in milliseconds; a switch goes on without it. */
const stopWithinMs = 8000;

/**
 * The daemon behind `abide run`: reads its configuration once, takes the state directory's lock, and keeps the loop going
 * until SIGTERM or SIGINT. Resolves with the exit code: 0 stopped, 1 failed, 2 configuration.
 */
export async function runDaemon({ configPath }: { readonly configPath: string }): Promise<number> {
  const environment = readEnvironment();
  const started = await startedAs(configPath);
  const config = await load(configPath);
  if (!config) return 2;
  const log = createLog({ level: config.log.level, pretty: process.stdout.isTTY });
  const stop = new AbortController();
  const stopped = untilSignal(log);
  try {
    const { dir } = config.state;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const lock = await takeLock({ dir, pid: process.pid });
    await tellStart(config, log);
    const daemon = await startDaemon({ config, environment, started, log, stopping: stop.signal });
    const { supervised } = environment;
    const renewed = supervised ? untilRenewed({ config, configPath, log, daemon }, stop.signal) : never;
    const end = await Promise.race([stopped, daemon.failed, renewed, daemon.ended]);
    stop.abort();
    await Promise.race([daemon.stop(), sleep(stopWithinMs, undefined, { ref: false })]);
    if (end === 'leave') await daemon.release();
    await lock.release();
    if (end === 'leave' && supervised) await takeLeave({ run, path: environment.path, stopped, log });
    return typeof end === 'number' ? end : 0;
  } catch (error) {
    const problem = toProblem(error);
    log.error({ err: problem }, problem.message);
    return 1;
  }
}

/** Looked at before the configuration is loaded, so that one that changes in between counts as another. */
async function startedAs(configPath: string): Promise<Started> {
  const bytes = await readFile(configPath).catch(() => null);
  const script = await realpath(process.argv[1] ?? '').catch(() => null);
  const configDigest = bytes === null ? null : createHash('sha256').update(bytes).digest('hex');
  return { script, configPath, configDigest };
}

function loadDeps(): LoadDeps {
  return { hostName: hostname(), uid: process.getuid?.() ?? 0 };
}

async function load(path: string): Promise<Config | null> {
  try {
    return await loadConfig(path, loadDeps());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return null;
  }
}

const never = new Promise<number>(() => undefined);

/** Only where somebody starts it again does a daemon end for the sake of a new configuration. */
async function untilRenewed(
  own: {
    readonly config: Config;
    readonly configPath: string;
    readonly log: Log;
    readonly daemon: RunningDaemon;
  },
  signal: AbortSignal,
): Promise<number> {
  const { config, configPath, log, daemon } = own;
  await untilConfigChanges(
    { path: configPath, config, load: loadDeps() },
    { everyMs: config.drift.interval, isBusy: () => daemon.isBusy(), log, signal },
  );
  log.info({}, 'the configuration changed: this daemon ends, and the next one begins with it');
  return 0;
}

function untilSignal(log: Log): Promise<number> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        log.info({ signal: name }, 'stopping');
        resolve(0);
      });
    }
  });
}

/** What every start says once: which version, what the configuration means, and what in it has no effect. */
async function tellStart(config: Config, log: Log): Promise<void> {
  log.info({ version: abideVersion, host: config.host, mode: config.mode, pid: process.pid }, 'abide starts');
  const fromFile = await readAllowedSigners(config);
  for (const sentence of describeConfig(config, fromFile?.signers)) log.info({}, sentence);
  for (const warning of findConfigWarnings(config)) log.warn({}, warning);
}
