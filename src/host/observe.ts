import { lstat, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Observed } from '../domain/observed.ts';
import { bootDefault } from './boot-default.ts';
import { foreignProfiles } from './foreign-profiles.ts';
import { readText } from './read-text.ts';
import { rebootNeed } from './reboot-need.ts';
import { revisionOf } from './revision-of.ts';
import { specialisationOf } from './specialisation.ts';
import { storeLink, type Place } from './store-link.ts';
import { isSwitchLocked } from './switch-lock.ts';
import { unitChanges } from './unit-changes.ts';

/** Reads the host afresh at every call. */
export interface HostObserver {
  /** A few milliseconds of reading links and small files; runs no program, evaluates nothing, never throws. */
  readonly observe: () => Promise<Observed>;
}

/** What an observer stands on. */
export interface ObserverDeps extends Place {
  readonly now: () => number;
  /** Systems beside the generations of the profile, of which a specialisation may run. */
  readonly others?: () => Promise<readonly string[]>;
}

/** An observer of the host at `root`; `now` gives epoch milliseconds. */
export function createHostObserver(deps: ObserverDeps): HostObserver {
  const { now, ...place } = deps;
  return {
    observe: async () => {
      const at = now();
      const [links, identity] = await Promise.all([observeLinks(place), observeIdentity(place.root)]);
      const running = links.specialisation?.toplevel ?? links.current;
      const [currentRevision, bootedRevision, rebootReasons, units] = await Promise.all([
        running && revisionOf(running),
        links.booted && revisionOf(links.booted),
        rebootNeed(links.booted, running),
        unitChanges(place, running),
      ]);
      return { at, ...identity, ...links, currentRevision, bootedRevision, rebootReasons, units };
    },
  };
}

async function observeLinks({ others, ...place }: Omit<ObserverDeps, 'now'>) {
  const [current, booted, profile, foreign, loader, switchRunning, times] = await Promise.all([
    storeLink(place, 'run/current-system'),
    storeLink(place, 'run/booted-system'),
    observeProfile(place),
    foreignProfiles(place),
    bootDefault(place),
    isSwitchLocked(place.root),
    observeTimes(place),
  ]);
  const near = [profile?.toplevel ?? null, loader];
  const runs = current?.target ?? null;
  const isNear = runs === null || near.includes(runs);
  const more = isNear || !others ? [] : await others().catch(() => []);
  const bases = [...near, ...foreign.map(({ toplevel }) => toplevel), ...more];
  const found = isNear ? null : await specialisationOf(place, runs, bases);
  const seen = new Set([found?.base ?? runs, booted?.target, loader]);
  return {
    current: found?.base ?? runs,
    specialisation: found && { name: found.name, toplevel: found.toplevel },
    booted: booted?.target ?? null,
    profile,
    bootDefault: loader,
    foreignProfiles: foreign.filter(({ toplevel }) => seen.has(toplevel)),
    switchRunning,
    ...times,
  };
}

const profileLink = 'nix/var/nix/profiles/system';

/** Both links are made anew when they move, so that their own times say when that was. */
async function observeTimes({ root }: Place) {
  const profile = join(root, profileLink);
  const [currentSince, profileSince, names] = await Promise.all([
    timeOf(join(root, 'run/current-system')),
    timeOf(profile),
    readdir(dirname(profile)).catch(() => []),
  ]);
  const generations = names.map((name) => Number(/^system-(\d+)-link$/.exec(name)?.[1] ?? 0));
  const newest = generations.reduce((one, other) => Math.max(one, other), 0);
  return { currentSince, profileSince, newestGeneration: newest === 0 ? null : newest };
}

async function timeOf(link: string): Promise<number | null> {
  return lstat(link).then(
    ({ mtimeMs }) => Math.floor(mtimeMs),
    () => null,
  );
}

async function observeProfile(place: Place): Promise<Observed['profile']> {
  const link = await storeLink(place, profileLink);
  if (link === null) return null;
  const generation = /^system-(\d+)-link$/.exec(basename(link.last))?.[1];
  return { generation: generation === undefined ? null : Number(generation), toplevel: link.target };
}

async function observeIdentity(root: string) {
  const [machineId, bootId, hostName] = await Promise.all([
    readText(join(root, 'etc/machine-id'), 4096),
    observeBootId(root),
    root === '/' ? hostname() : readText(join(root, 'etc/hostname'), 4096),
  ]);
  const id = machineId?.trim() ?? '';
  return {
    // Before the first boot is over it says `uninitialized`.
    machineId: /^[0-9a-f]{32}$/.test(id) ? id : null,
    bootId: bootId?.trim() ?? null,
    hostName: hostName?.trim() || null,
  };
}

const kernelBootId = '/proc/sys/kernel/random/boot_id';

// A root other than `/` does not boot with the kernel; it says by a file of its own when it imitates that.
async function observeBootId(root: string): Promise<string | null> {
  const own = root === '/' ? null : await readText(join(root, 'run/boot-id'), 4096);
  return own ?? readText(kernelBootId, 4096);
}
