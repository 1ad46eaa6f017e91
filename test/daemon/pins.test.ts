import { pino } from 'pino';
import { expect, test } from 'vitest';
import { repairPins, type PinParts } from '../../src/daemon/pins.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Roots } from '../../src/nix/roots.ts';

const [old, next] = ['/etc', '/usr']; // Any paths that exist stand for systems.

/** Roots in memory; `afterListing` is what somebody else does meanwhile. */
const partsWith = (pins: Record<string, string>, afterListing: () => void = () => {}): PinParts => {
  const roots: Roots = {
    list: async () => {
      const found = { ...pins };
      afterListing();
      return found;
    },
    pin: async (name, storePath) => void (pins[name] = storePath),
    unpin: async (name) => void delete pins[name],
  };
  const profile = { read: () => Promise.resolve(null) } as PinParts['profile'];
  return { roots, profile, provenProfile: profile, fallbackProfile: profile, log: pino({ level: 'silent' }) };
};

const deployment = { previous: { toplevel: old, profile: old }, toplevel: next } as Deployment;
const committed = (toplevel: string) =>
  ({
    commit: 'a'.repeat(40),
    operation: 'switch',
    current: toplevel,
    profile: toplevel,
  }) as Facts['committedMain'];

test('what is missing is made good, also in the middle of a deployment', async () => {
  const pins: Record<string, string> = {};
  await repairPins(partsWith(pins), () => ({ ...noFacts, deployment, committedMain: committed(old) }));
  expect(pins).toEqual({ previous: old, 'previous-profile': old, candidate: next, committed: old });
});

test('a pin that a deployment moved before the journal says so stays moved', async () => {
  const pins: Record<string, string> = {
    previous: old,
    'previous-profile': old,
    candidate: next,
    committed: next,
  };
  await repairPins(partsWith(pins), () => ({ ...noFacts, deployment, committedMain: committed(old) }));
  expect(pins['committed']).toBe(next);
});

test('a pin that holds something else outside a deployment is made good; what was built and waits keeps its own', async () => {
  const pins: Record<string, string> = { committed: old, candidate: next };
  await repairPins(partsWith(pins), () => ({ ...noFacts, committedMain: committed(next) }));
  expect(pins).toEqual({ committed: next, candidate: next });
});

test('a deployment that begins while the pins are looked at keeps what it pinned', async () => {
  const pins: Record<string, string> = { candidate: old, committed: old };
  let facts: Facts = { ...noFacts, committedMain: committed(next) };
  const parts = partsWith(pins, () => {
    facts = { ...facts, deployment };
    pins['candidate'] = next;
  });
  await repairPins(parts, () => facts);
  expect(pins).toMatchObject({ candidate: next, committed: old });
});

test('what the loader held stays until the loader has run without it', async () => {
  const pins: Record<string, string> = { 'boot-fallback': old };
  const told = { toplevel: next, fallback: old };
  await repairPins(partsWith(pins), () => ({ ...noFacts, loaderTold: told }));
  await repairPins(partsWith(pins), () => ({ ...noFacts, deployment }));
  expect(pins).toMatchObject({ 'boot-fallback': old });
  const gone: Record<string, string> = { 'boot-fallback': old };
  await repairPins(partsWith(gone), () => noFacts);
  expect(gone).toEqual({ 'retiring-boot-fallback': old });
});
