import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Observed } from '../domain/observed.ts';
import { bootDefault } from './boot-default.ts';
import { readText } from './read-text.ts';
import { rebootNeed } from './reboot-need.ts';
import { revisionOf } from './revision-of.ts';
import { storeLink, type Place } from './store-link.ts';
import { isSwitchLocked } from './switch-lock.ts';

/** Reads the host afresh at every call. */
export interface HostObserver {
  /** A few milliseconds of reading links and small files; runs no program, evaluates nothing, never throws. */
  readonly observe: () => Promise<Observed>;
}

/** An observer of the host at `root`; `now` gives epoch milliseconds. */
export function createHostObserver({ now, ...place }: Place & { readonly now: () => number }): HostObserver {
  return {
    observe: async () => {
      const at = now();
      const [links, identity] = await Promise.all([observeLinks(place), observeIdentity(place.root)]);
      const [currentRevision, bootedRevision, rebootReasons] = await Promise.all([
        links.current && revisionOf(links.current),
        links.booted && revisionOf(links.booted),
        rebootNeed(links.booted, links.current),
      ]);
      return { at, ...identity, ...links, currentRevision, bootedRevision, rebootReasons };
    },
  };
}

async function observeLinks(place: Place) {
  const [current, booted, profile, loader, switchRunning] = await Promise.all([
    storeLink(place, 'run/current-system'),
    storeLink(place, 'run/booted-system'),
    observeProfile(place),
    bootDefault(place),
    isSwitchLocked(place.root),
  ]);
  return {
    current: current?.target ?? null,
    booted: booted?.target ?? null,
    profile,
    bootDefault: loader,
    switchRunning,
  };
}

async function observeProfile(place: Place): Promise<Observed['profile']> {
  const link = await storeLink(place, 'nix/var/nix/profiles/system');
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
