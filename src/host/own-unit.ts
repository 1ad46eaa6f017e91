import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ownUnitName, type OwnConfigFile, type OwnUnit } from '../domain/own-unit.ts';
import { commandOf } from '../domain/unit-file.ts';
import type { Place } from './store-link.ts';

/** Where the configuration is when the command line does not say. */
const defaultConfig = '/etc/abide/config.yaml';

/** Reads abide's own service as a toplevel in the store brings it, before that system runs. Never throws. */
export async function readOwnUnit(place: Place, toplevel: string): Promise<OwnUnit> {
  const units = join(toplevel, 'etc/systemd/system');
  const file = await realpath(join(units, ownUnitName)).catch(() => null);
  if (file === null) return absent(`has no ${ownUnitName}`);
  const unit = await readFile(file, 'utf8').catch(() => '');
  if (file === '/dev/null' || unit.trim() === '') return absent(`masks ${ownUnitName}`);
  if (!(await isWanted(units))) return absent(`has nothing that starts ${ownUnitName}`);
  const texts = [unit, ...(await dropIns(units))];
  const { program, config } = await commandIn(place, toplevel, commandOf(texts));
  const reached = program === null ? null : await realpath(program[0] ?? '').catch(() => null);
  return {
    is: 'present',
    definition: sha256(JSON.stringify([texts, reached])),
    program,
    config,
  };
}

function absent(why: string): OwnUnit {
  return { is: 'absent', why };
}

/** NixOS puts what starts a unit into the directories of the units that want it. */
async function isWanted(units: string): Promise<boolean> {
  const names = await readdir(units).catch(() => []);
  const wanting = names.filter((name) => /\.(?:wants|requires|upholds)$/.test(name));
  const found = await Promise.all(wanting.map((name) => exists(join(units, name, ownUnitName))));
  return found.includes(true);
}

async function dropIns(units: string): Promise<readonly string[]> {
  const dir = join(units, `${ownUnitName}.d`);
  const names = await readdir(dir).catch(() => []);
  const configs = names.filter((name) => name.endsWith('.conf')).toSorted();
  return Promise.all(configs.map((name) => readFile(join(dir, name), 'utf8').catch(() => '')));
}

async function commandIn(place: Place, toplevel: string, argv: readonly string[] | null) {
  const run = argv?.indexOf('run', 1) ?? -1;
  if (argv === null || run < 1) return { program: null, config: null };
  const [file = '', ...options] = argv.slice(0, run);
  return {
    program: [inSystem(place, toplevel, file), ...options],
    config: await configFile(place, toplevel, configNamed(argv.slice(run + 1))),
  };
}

function configNamed(args: readonly string[]): string {
  const at = args.findIndex((arg) => arg === '--config' || arg.startsWith('--config='));
  const value = args[at]?.split('=').slice(1).join('=') || args[at + 1];
  return at < 0 || value === undefined ? defaultConfig : value;
}

/** A file that neither system brings is kept by hand, and is what it is. */
async function configFile(place: Place, toplevel: string, named: string): Promise<OwnConfigFile> {
  const carried = inSystem(place, toplevel, named);
  const byHand = carried !== named && !(await exists(carried)) && (await isKeptByHand(place, named));
  const path = byHand ? named : carried;
  const bytes = await readFile(path).catch(() => null);
  const isCarried = !byHand && (carried !== named || path.startsWith(`${place.storeDir}/`));
  return { named, path, isCarried, digest: bytes === null ? null : sha256(bytes) };
}

/** What the running system put into /etc leads to the store, and goes with that system. */
async function isKeptByHand({ storeDir }: Place, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => null);
  return real !== null && !real.startsWith(`${storeDir}/`);
}

/** Where a path of the running host is in a system that does not run yet. */
function inSystem({ root }: Place, toplevel: string, path: string): string {
  const own = root !== '/' && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  if (own.startsWith('/run/current-system/')) return join(toplevel, own.slice('/run/current-system'.length));
  return own.startsWith('/etc/') ? join(toplevel, own) : path;
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
