import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommitId } from '../../src/domain/commit.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { offeredAfter } from '../../src/domain/offered.ts';
import { select, type Selection } from '../../src/domain/select.ts';
import { inputFrom, offersOf, remote, walksTo, type History } from './select-history.ts';

const runs = { numRuns: 1000 };
const remotes = [remote('a'), remote('b'), remote('c')];

type Step =
  | { readonly do: 'push'; readonly remote: number; readonly to: number }
  | { readonly do: 'delete'; readonly remote: number }
  | { readonly do: 'deploy' }
  | { readonly do: 'accept'; readonly remote: number };

const which = fc.nat({ max: remotes.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), remote: which, to: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), remote: which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deploy' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('accept' as const), remote: which }) },
);

const history: fc.Arbitrary<History> = fc
  .array(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 14 })
  .map((rows) =>
    Object.fromEntries(
      rows.map((backs, index) => {
        const parents = backs.map((back) => index - 1 - back).filter((parent) => parent >= 0);
        return [`c${index}`, [...new Set(parents)].map((parent) => `c${parent}`)];
      }),
    ),
  );

interface Host {
  readonly floor: CommitId | null;
  readonly offered: Facts['offered'];
  readonly heads: Readonly<Record<string, readonly [CommitId | null]>>;
  readonly selection: Selection;
}

/** A host that polls after every step; a force-push is a push like any other. */
function live(history: History, steps: readonly Step[]): readonly Host[] {
  const commits = Object.keys(history);
  let host = look(history, { floor: null, offered: {}, heads: {} });
  return [host, ...steps.map((step) => (host = look(history, take(step, host, commits))))];
}

function take(step: Step, host: Host, commits: readonly CommitId[]): Omit<Host, 'selection'> {
  if (step.do === 'deploy') return { ...host, floor: host.selection.main };
  const { name } = remotes[step.remote]!;
  if (step.do === 'accept') return { ...host, floor: host.heads[name]?.[0] ?? host.floor };
  const head = step.do === 'push' ? commits[step.to % commits.length]! : null;
  return { ...host, heads: { ...host.heads, [name]: [head] } };
}

function look(history: History, { floor, offered, heads }: Omit<Host, 'selection'>): Host {
  const input = inputFrom(history, { remotes, floor, offered, offers: offersOf(heads) });
  const selection = select(input);
  return { floor, heads, selection, offered: offeredAfter(offered, selection.judgements, input.ancestry) };
}

function mainOf({ selection }: Host, name: string) {
  return selection.judgements.find((one) => one.remote === name && one.role === 'main')!;
}

function holds(check: (history: History, steps: readonly Step[], hosts: readonly Host[]) => void): void {
  fc.assert(
    fc.property(history, fc.array(step, { maxLength: 25 }), (history, steps) =>
      check(history, steps, live(history, steps)),
    ),
    runs,
  );
}

describe('over any sequence of pushes, force-pushes and deployments', () => {
  test('the floor never moves to what does not descend from it, except by a person', () => {
    holds((history, steps, hosts) => {
      for (const [index, step] of steps.entries()) {
        const [before, after] = [hosts[index]!.floor, hosts[index + 1]!.floor];
        if (step.do === 'accept' || before === null || before === after) continue;
        expect(walksTo(history, after!, before)).toBe(true);
      }
    });
  });

  test('a head above the floor is accepted, however often history above the floor was rewritten', () => {
    holds((history, _, hosts) => {
      for (const { floor, selection } of hosts) {
        for (const { head, relation, verdict, candidate } of selection.judgements) {
          const id = head?.commit.id;
          if (id === undefined || floor === null) continue;
          if (id !== floor && !walksTo(history, id, floor)) continue;
          expect({ relation, status: verdict?.status, candidate }).toEqual({
            relation: id === floor ? 'same' : 'ahead',
            status: 'accepted',
            candidate: id,
          });
        }
      }
    });
  });

  test('a remote that was at or above this floor and then leaves it has rewritten, whatever lay between', () => {
    holds((history, _, hosts) => {
      for (const { name } of remotes) {
        let floor: CommitId | null = null;
        let was = false;
        for (const host of hosts) {
          if (host.floor !== floor) [floor, was] = [host.floor, false];
          const { relation, head } = mainOf(host, name);
          if (floor === null || !head) continue;
          if (relation === 'same' || relation === 'ahead') was = true;
          const id = head.commit.id;
          const apart = id !== floor && !walksTo(history, id, floor) && !walksTo(history, floor, id);
          if (was && apart) expect(relation).toBe('rewritten');
        }
      }
    });
  });

  test('nobody is said to have rewritten who only ever pushed forward', () => {
    holds((history, steps) => {
      const tips = new Map<number, CommitId>();
      const commits = Object.keys(history);
      const forward = steps.filter((step) => {
        if (step.do !== 'push') return step.do === 'deploy';
        const [tip, to] = [tips.get(step.remote), commits[step.to % commits.length]!];
        if (tip !== undefined && tip !== to && !walksTo(history, to, tip)) return false;
        tips.set(step.remote, to);
        return true;
      });
      for (const { selection } of live(history, forward)) {
        for (const { relation } of selection.judgements) expect(relation).not.toBe('rewritten');
      }
    });
  });

  test('looking again without news changes nothing, and returns the very same record', () => {
    holds((history, _, hosts) => {
      for (const host of hosts) {
        const again = look(history, host);
        expect(again.offered).toBe(host.offered);
        expect(again.selection).toEqual(host.selection);
      }
    });
  });

  test('what a remote offered never goes back to an ancestor of itself', () => {
    holds((history, _, hosts) => {
      for (const [index, host] of hosts.entries()) {
        for (const { name } of remotes) {
          const [before, after] = [hosts[index - 1]?.offered[name]?.main, host.offered[name]?.main];
          if (before && after) expect(walksTo(history, before, after)).toBe(false);
          if (before) expect(after).not.toBeNull();
        }
      }
    });
  });

  test('a mirror that serves what its origin served before never changes the desired commit', () => {
    const pushes = fc.array(fc.record({ to: fc.nat(), lag: fc.nat({ max: 3 }), deploy: fc.boolean() }));
    fc.assert(
      fc.property(history, pushes, fc.boolean(), (history, pushes, mirrorFirst) => {
        const commits = Object.keys(history);
        const [origin, mirror] = mirrorFirst ? [1, 0] : [0, 1];
        const served: number[] = [];
        const alone: Step[] = [];
        const mirrored: Step[] = [];
        for (const { to, lag, deploy } of pushes) {
          const tip = served.at(-1);
          const next = to % commits.length;
          if (tip !== undefined && !walksTo(history, commits[next]!, commits[tip]!)) continue;
          served.push(next);
          const push: Step = { do: 'push', remote: origin, to: next };
          const rest: Step[] = deploy ? [{ do: 'deploy' }] : [];
          alone.push(push, push, ...rest);
          mirrored.push(push, { do: 'push', remote: mirror, to: served.at(-1 - lag) ?? next }, ...rest);
        }
        const desired = (steps: readonly Step[]) =>
          live(history, steps).map(({ selection }) => selection.desired?.commit);
        expect(desired(mirrored)).toEqual(desired(alone));
      }),
      runs,
    );
  });
});
