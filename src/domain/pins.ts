import { bootProvenBeside, newestBootProven } from './boot-proven.ts';
import type { Expected, Facts } from './facts.ts';

/** The toplevels that no garbage collection may take, by the name of the gc root that keeps each. */
export function wantedPins(facts: Facts): Readonly<Record<string, string>> {
  const { deployment, expected, committedMain } = facts;
  const proven = newestBootProven(facts);
  const wanted: Readonly<Record<string, string | null>> = {
    previous: deployment?.previous.toplevel ?? null,
    'previous-profile': deployment?.previous.profile ?? null,
    candidate: deployment?.toplevel ?? null,
    committed: systemOf(committedMain),
    testing: expected?.operation === 'test' ? expected.current : null,
    'boot-fallback': (facts.loaderTold ?? facts.bootOnce)?.fallback ?? null,
    'boot-proven': proven,
    // What is gone back to when the newest is the one that was undone.
    'boot-proven-before': proven && bootProvenBeside(facts, proven),
  };
  return Object.fromEntries(Object.entries(wanted).flatMap(([name, path]) => (path ? [[name, path]] : [])));
}

function systemOf(expected: Expected | null): string | null {
  return (expected?.operation === 'boot' ? expected.profile : expected?.current) ?? null;
}
