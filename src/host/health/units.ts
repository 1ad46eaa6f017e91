import { failing, passing, unknown, type Against, type HealthCheck, type Look } from './health-check.ts';
import { judgeUnit, type Unit } from './judge-unit.ts';
import { showUnits, type SystemdDeps, type UnitProperties } from './systemctl.ts';
import { isUnitChanged } from './unit-changed.ts';

const kinds = ['service', 'socket', 'mount', 'automount', 'swap', 'path', 'timer'];
const properties = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'Type',
  'RemainAfterExit',
  'NRestarts',
  'FragmentPath',
  'WantedBy',
  'RequiredBy',
  'TriggeredBy',
];

/** Passes when no unit got worse by the new system: what was active is, and nothing new or changed failed. */
export function unitsCheck(deps: SystemdDeps, ignore: readonly string[]): HealthCheck {
  let restarts: ReadonlyMap<string, number> = new Map();
  return {
    name: 'units',
    timeoutMs: 20_000,
    look: async (against, limit) => {
      if (!deps.systemd) return unknown('no systemd runs here');
      const before = against?.before?.well ?? [];
      const units = (await readUnits(deps, before, limit)).filter(({ name }) => !ignore.includes(name));
      const seenBefore = restarts;
      restarts = new Map(units.map(({ name, restarts: count }) => [name, count]));
      const parts = {
        well: units.filter(({ active }) => active === 'active').map(({ name }) => name),
        unwell: units.filter(({ active }) => active === 'failed').map(({ name }) => name),
      };
      const look = against === null ? baseline(parts.unwell) : await compare(units, against, seenBefore);
      return { ...look, ...parts };
    },
  };
}

function baseline(failed: readonly string[]): Look {
  return failed.length === 0 ? passing : { ...passing, message: `failed already: ${failed.join(', ')}` };
}

async function compare(
  units: readonly Unit[],
  against: NonNullable<Against>,
  restarts: ReadonlyMap<string, number>,
): Promise<Look> {
  const judged = await Promise.all(
    units.map(async (unit) => {
      const verdict = judgeUnit(unit, {
        wasActive: against.before?.well.includes(unit.name) ?? false,
        wasFailed: against.before?.unwell.includes(unit.name) ?? false,
        restartsBefore: restarts.get(unit.name) ?? null,
      });
      if (verdict.is !== 'failed-if-changed') return verdict;
      const changed = await isUnitChanged(unit.name, against);
      return changed ? { ...verdict, is: 'bad' as const } : { is: 'well' as const };
    }),
  );
  const of = (is: 'bad' | 'warn') => judged.flatMap((verdict) => (verdict.is === is ? [verdict] : []));
  const bad = of('bad');
  const warned = of('warn').map(({ message }) => message);
  if (bad.length === 0) {
    return { ...passing, message: warned.length > 0 ? `only a warning: ${warned.join(', ')}` : null };
  }
  const definitive = bad.some((verdict) => verdict.definitive);
  return { ...failing(bad.map(({ message }) => message).join(', ')), definitive };
}

/** What systemd has in memory, and what it had before and has forgotten since. */
async function readUnits(
  deps: SystemdDeps,
  before: readonly string[],
  limit: { readonly ms: number; readonly signal: AbortSignal },
): Promise<readonly Unit[]> {
  const patterns = kinds.map((kind) => `*.${kind}`);
  const known = await showUnits(deps, { units: patterns, properties }, limit);
  const names = new Set(known.map(({ Id }) => Id));
  const forgotten = before.filter((name) => !names.has(name));
  const more = forgotten.length > 0 ? await showUnits(deps, { units: forgotten, properties }, limit) : [];
  return [...known, ...more].filter(isOfSystem).map(unitOf);
}

/** Units of sessions and such as programs make while they run are not the configuration's. */
function isOfSystem({ Id = '', FragmentPath = '' }: UnitProperties): boolean {
  return (
    Id !== '' && !FragmentPath.startsWith('/run/systemd/transient/') && !/^user(?:-runtime-dir)?@/.test(Id)
  );
}

function unitOf(found: UnitProperties): Unit {
  const list = (name: string) => (found[name] ?? '').split(' ').filter((word) => word !== '');
  return {
    name: found['Id'] ?? '',
    exists: found['LoadState'] !== 'not-found' && found['LoadState'] !== 'masked',
    active: found['ActiveState'] ?? '',
    sub: found['SubState'] ?? '',
    result: found['Result'] ?? '',
    ends: found['Type'] === 'oneshot' && found['RemainAfterExit'] !== 'yes',
    wanted: list('WantedBy').length + list('RequiredBy').length > 0,
    triggered: list('TriggeredBy').length > 0,
    restarts: Number(found['NRestarts'] ?? 0) || 0,
  };
}
