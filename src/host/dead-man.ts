import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { mustFit } from '../domain/room.ts';
import { succeeded, type Run } from '../process.ts';
import { checkRoom } from './check-room.ts';
import { callOffLost } from './dead-man-lost.ts';
import { deadManFile, deadManPace, deadManScript, type DeadManPace } from './dead-man-script.ts';
import { hasScript, readNote, stateOf, type DeadManState } from './dead-man-state.ts';
import { carriedFile, carriedText, type Arming } from './dead-man-units.ts';
import { findProgram } from './find-program.ts';
import { lastingShell } from './shell-text.ts';
import { profileBefore } from './profile-before.ts';

/** A deployment's way back. */
export interface WayBack {
  readonly deployment: string;
  readonly toplevel: string;
  readonly previous: string;
  /** Toplevel of the profile when the deployment began. */
  readonly profile: string | null;
}

/** What the wrapper of a switch tells the dead-man: that it began, that it ended, and how long probation may last. */
export interface DeadManHook {
  readonly dir: string;
  /** Seconds. */
  readonly probation: number;
}

/** The only rollback: a script outside of abide, which its timer starts when abide is dead, and abide when it is not. */
export interface DeadMan {
  /**
   * Writes the script and sets its time in seconds, also when it was called off or stood by before. Those of other
   * deployments are called off, and what is over is removed. Throws Problem `process_failed`, `no_room` or `no_space`, and
   * as `disarm` does.
   */
  readonly arm: (way: WayBack, arming: Arming, seconds: number) => Promise<void>;
  /** Calls it off; what was never armed is no error. Throws Problem `way_back_taken` when it has begun to act. */
  readonly disarm: (deployment: string) => Promise<void>;
  /** Calls off all but this deployment's. Throws as `disarm` does. */
  readonly clear: (keep: string | null) => Promise<void>;
  /** Starts it now, written anew where it is gone, also when it was called off; one that acts or has acted is left to it. */
  readonly start: (way: WayBack) => Promise<void>;
  /** Starts every one that is armed, without knowing what for; gives the ids. */
  readonly startAll: () => Promise<readonly string[]>;
  readonly state: (deployment: string) => Promise<DeadManState>;
  /** For the wrapper of the deployment's switch. */
  readonly hook: (deployment: string, probation: number) => DeadManHook;
}

/** What dead-men stand on. */
export interface DeadManDeps {
  readonly root: string;
  readonly run: Run;
  readonly activator: 'systemd' | 'direct';
  readonly path: string;
  readonly localeArchive?: string | null;
  readonly pace?: DeadManPace;
}

/** Makes the keeper of one host's dead-men; nothing is touched before the first is armed. */
export function createDeadMan(deps: DeadManDeps): DeadMan {
  const top = join(deps.root, 'run/abide-deadman');
  const dirOf = (deployment: string) => join(top, named(deployment));
  const clear = async (keep: string | null) => {
    const others = armedIn(top).filter((each) => each !== keep && !isOver(dirOf(each)));
    for (const each of others) await callOff(deps, dirOf(each));
  };
  return {
    clear,
    arm: async (way, arming, seconds) => {
      for (const each of armedIn(top).filter((one) => one !== way.deployment && isOver(dirOf(one)))) {
        await forget(deps, dirOf(each));
      }
      await clear(way.deployment);
      renew(dirOf(way.deployment));
      await write(deps, dirOf(way.deployment), way);
      await call(deps, dirOf(way.deployment), 'arm', arming, String(Math.ceil(seconds)));
    },
    disarm: (deployment) => callOff(deps, dirOf(deployment)),
    startAll: async () => {
      const armed = armedIn(top).filter((each) => !isOver(dirOf(each)));
      // One without its script has made its directory anew, and acts.
      for (const each of armed) if (hasScript(dirOf(each))) await call(deps, dirOf(each), 'start');
      return armed;
    },
    start: async (way) => {
      await write(deps, dirOf(way.deployment), way);
      // Who asks for it knows more than who called it off: that one's reason may never have reached the disk.
      rmSync(join(dirOf(way.deployment), 'disarmed'), { force: true });
      await call(deps, dirOf(way.deployment), 'start');
    },
    state: (deployment) => stateOf(deps, dirOf(deployment), deployment),
    hook: (deployment, probation) => ({ dir: dirOf(deployment), probation }),
  };
}

function named(deployment: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(deployment)) return deployment;
  throw new Problem('unexpected', `${deployment} is no name for a dead-man's directory`, { retry: 'never' });
}

function armedIn(top: string): string[] {
  if (!existsSync(top)) return [];
  return readdirSync(top).filter(
    (name) => hasScript(join(top, name)) || existsSync(join(top, name, 'fired')),
  );
}

/** Not while anything of it waits or acts: that would make the directory anew and go back from what was kept since. */
async function forget(deps: DeadManDeps, dir: string): Promise<void> {
  if (await callOffLost(deps, dir, basename(dir))) rmSync(dir, { recursive: true, force: true });
}

/**
 * What stood by because nothing of ours ran yet, or was called off by an end that never reached the disk, waits once more.
 * In this order: killed in between, it must not look as if it acted.
 */
function renew(dir: string): void {
  const stoodBy = readNote(dir, 'outcome')?.startsWith('stood-by') ?? false;
  for (const note of stoodBy ? ['fired', 'outcome', 'disarmed'] : ['disarmed']) {
    rmSync(join(dir, note), { force: true });
  }
}

/** A script that is there is never replaced: it may be running, and what it captured was true when it was armed. */
async function write(deps: DeadManDeps, dir: string, way: WayBack): Promise<void> {
  const file = join(dir, deadManFile);
  if (hasScript(dir)) return;
  const { localeArchive = null, pace = deadManPace } = deps;
  const units = await activeUnits(deps);
  const profile = profileBefore(deps.root, way.profile);
  const text = deadManScript({ ...deps, ...way, localeArchive, pace, dir, units, profile });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Room for what the dead-man has to note, should /run be full when it acts.
  writeFileSync(join(dir, 'reserve'), Buffer.alloc(reserveBytes), { mode: 0o600 });
  const carried = carriedText(text);
  if (deps.activator === 'systemd' && carried !== null) writeFileSync(join(dir, carriedFile), carried);
  writeFileSync(`${file}.tmp`, text, { mode: 0o700 });
  renameSync(`${file}.tmp`, file);
}

const reserveBytes = 32 * 1024;

const captured = ['service', 'socket', 'timer', 'path', 'mount'];

/** Only what is active by itself; without an answer nothing is captured, and the switch back has to do. */
async function activeUnits({ activator, run, path }: DeadManDeps): Promise<readonly string[]> {
  if (activator === 'direct') return [];
  const file = findProgram(path, 'systemctl');
  const args = ['list-units', '--state=active', `--type=${captured.join(',')}`, '--plain', '--no-legend'];
  const finished = await run({ file, args: [...args, '--no-pager'], env: { PATH: path }, timeoutMs: 30_000 });
  if (!succeeded(finished)) return [];
  const names = finished.stdout.toString('utf8').split('\n');
  return names
    .flatMap((line) => line.trim().split(/\s+/)[0] ?? [])
    .filter((name) => /^[\w:.\\@-]+$/.test(name) && !/^(abide-(switch|deadman|hook)-|run-)/.test(name));
}

async function call(deps: DeadManDeps, dir: string, ...words: readonly string[]): Promise<void> {
  const code = await exitOf(deps, dir, words);
  if (code.exitCode === 0) return;
  // The script knows that it cannot write, and not why.
  mustFit(await checkRoom(dir), { path: dir, bytes: 4 * reserveBytes, inodes: 8, purpose: 'the dead-man' });
  throw new Problem('process_failed', `the dead-man could not ${words[0]}: ${code.said}`);
}

async function exitOf({ run, path }: DeadManDeps, dir: string, words: readonly string[]) {
  const args = [join(dir, deadManFile), ...words];
  const finished = await run({
    file: lastingShell(),
    args,
    env: { PATH: path },
    timeoutMs: 150_000,
  });
  const lines = finished.stderr.split('\n').map((line) => plainText(line));
  const said = lines.find((line) => line !== '') ?? `its script ended with ${finished.exitCode}`;
  return { exitCode: finished.timedOut ? null : finished.exitCode, said };
}

const actsAlready = 3;

async function callOff(deps: DeadManDeps, dir: string): Promise<void> {
  const { exitCode, said } = hasScript(dir)
    ? await exitOf(deps, dir, ['disarm'])
    : { exitCode: (await callOffLost(deps, dir, basename(dir))) ? 0 : actsAlready, said: '' };
  if (exitCode === 0) return;
  const begun = exitCode === actsAlready;
  throw new Problem(
    begun ? 'way_back_taken' : 'process_failed',
    begun ? 'the dead-man has begun to go back already' : `the dead-man could not be called off: ${said}`,
    { retry: { afterMs: 5000 } },
  );
}

function isOver(dir: string): boolean {
  return existsSync(join(dir, 'disarmed')) || existsSync(join(dir, 'outcome'));
}
