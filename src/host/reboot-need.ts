import { access, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { rebootReasons, type RebootReason } from '../domain/observed.ts';
import { readText } from './read-text.ts';

/**
 * What of the running system only a reboot brings: the parts in which it differs from the booted one. null where that cannot
 * be told: one of them is not there any more, or neither has a kernel of its own, as in a container.
 */
export async function rebootNeed(
  booted: string | null,
  current: string | null,
): Promise<RebootReason[] | null> {
  if (booted === null || current === null) return null;
  // A booted system that was collected cannot be compared, and what cannot be read is no difference.
  if (!(await exists(booted)) || !(await exists(current))) return null;
  const found = booted === current ? [] : await differences(booted, current);
  const kernels = await Promise.all([booted, current].map((toplevel) => linkOf(join(toplevel, 'kernel'))));
  return found.length > 0 || kernels.some((kernel) => kernel !== null) ? found : null;
}

async function differences(booted: string, current: string): Promise<RebootReason[]> {
  const [linked, params, triggers] = await Promise.all([
    Promise.all(links.map((part) => differs(part, booted, current))),
    paramsDiffer(booted, current),
    changedTriggers(booted, current),
  ]);
  const found = new Set<RebootReason>([...links.filter((_, index) => linked[index]), ...triggers]);
  if (params) found.add('kernel-params');
  return rebootReasons.filter((reason) => found.has(reason));
}

const links = ['kernel', 'kernel-modules', 'initrd', 'firmware', 'systemd'] as const;

async function differs(part: string, booted: string, current: string): Promise<boolean> {
  const [one, other] = await Promise.all([linkOf(join(booted, part)), linkOf(join(current, part))]);
  return one !== other;
}

/** Containers have no kernel and no initrd: absent in both is equal. */
async function linkOf(path: string): Promise<string | null> {
  return readlink(path).catch(() => realpath(path).catch(() => null));
}

async function paramsDiffer(booted: string, current: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [booted, current].map((toplevel) => readText(join(toplevel, 'kernel-params'))),
  );
  return one?.trim() !== other?.trim();
}

async function changedTriggers(booted: string, current: string): Promise<RebootReason[]> {
  const [one, other] = await Promise.all([triggersOf(booted), triggersOf(current)]);
  return Object.keys(one)
    .filter((key) => Object.hasOwn(other, key) && JSON.stringify(one[key]) !== JSON.stringify(other[key]))
    .map((key) => rebootReasons.find((reason) => reason === key) ?? 'other');
}

async function triggersOf(toplevel: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse((await readText(join(toplevel, 'reboot-triggers'))) ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
