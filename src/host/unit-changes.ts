import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnitChange } from '../domain/observed.ts';
import { storeLink, type Place } from './store-link.ts';
import { unfinishedSwitch } from './unfinished-switch.ts';

/**
 * Units of the running system that were masked, replaced or overridden beside it, or that a switch left undone; null where no systemd runs. What costs is
 * what was changed and not how many units there are: the places for changes are listed, and only the names in them are
 * looked up in the system. Failed units are no drift: the configuration holds, and the health checks tell.
 */
export async function unitChanges(place: Place, running: string | null): Promise<UnitChange[] | null> {
  if (running === null) return null;
  const listed = await Promise.all(places.map((where) => list(join(place.root, where))));
  // The directory that says that systemd is the init of this host.
  if (listed[places.indexOf('run/systemd/system')] === null) return null;
  const own = await ownUnits(running);
  if (own === null) return null;
  const found = await Promise.all(
    places.map((where, index) =>
      Promise.all((listed[index] ?? []).map((name) => changeBy({ place, where, name, own }))),
    ),
  );
  const undone = await unfinishedSwitch(place.root);
  const changes = [
    ...(await unlinked(place, running)),
    ...found.flat(2).filter((one) => one !== null),
    ...undone,
  ];
  return changes.toSorted((one, other) => (one.unit < other.unit ? -1 : 1));
}

/** All that systemd reads beside the system's own units, and that no generator writes. */
const places = [
  'etc/systemd/system.control',
  'run/systemd/system.control',
  'run/systemd/transient',
  'run/systemd/system',
];

interface Entry {
  readonly place: Place;
  readonly where: string;
  readonly name: string;
  /** True for the name of a unit of the running system. */
  readonly own: (unit: string) => boolean;
}

async function changeBy({ place, where, name, own }: Entry): Promise<UnitChange | null> {
  const isDropIns = name.endsWith('.d');
  const unit = isDropIns ? name.slice(0, -2) : name;
  if (!own(unit)) return null;
  const path = join(place.root, where, name);
  const change = (is: UnitChange['is']) => ({ unit, is, where: `/${where}` });
  if (isDropIns) {
    const dropIns = (await list(path)) ?? [];
    return dropIns.some((file) => file.endsWith('.conf')) ? change('overridden') : null;
  }
  // systemd prefers /etc/systemd/system to this directory, so that another file in it says nothing yet.
  const target = await readlink(path).catch(() => null);
  if (target === '/dev/null') return change('masked');
  return where === 'run/systemd/system' ? null : change('replaced');
}

/** Knows the units by one listing; the instances of a template are units too. */
async function ownUnits(running: string): Promise<((unit: string) => boolean) | null> {
  const names = await list(join(running, 'etc/systemd/system'));
  if (names === null) return null;
  const known = new Set(names);
  return (unit) => known.has(unit) || known.has(unit.replace(/@.*(\.[^.]+)$/, '@$1'));
}

/** Where /etc is made of links to the system's own, both links on the way to the units must be its own. */
async function unlinked(place: Place, running: string): Promise<UnitChange[]> {
  const [etc, own, units] = await Promise.all([
    storeLink(place, 'etc/static'),
    readlink(join(running, 'etc')).catch(() => null),
    readlink(join(place.root, 'etc/systemd/system')).catch(() => null),
  ]);
  if (etc === null || own === null) return [];
  const change = (where: string): UnitChange => ({ unit: where, is: 'unlinked', where });
  if (etc.target !== own) return [change('/etc/static')];
  return units === null || units.endsWith('/etc/static/systemd/system')
    ? []
    : [change('/etc/systemd/system')];
}

async function list(dir: string): Promise<readonly string[] | null> {
  return readdir(dir).catch(() => null);
}
