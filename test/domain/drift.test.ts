import { describe, expect, test } from 'vitest';
import { findDrift, trackDrift } from '../../src/domain/drift.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import {
  begin,
  exampleDeployment,
  exampleExpected,
  exampleFacts,
  exampleObserved,
  foreignSystem,
  later,
  newCommit,
  newSystem,
  oldCommit,
  oldSystem,
  seenWith,
  settledView,
  towardsNew,
  withFacts,
} from './example-view.ts';

const kinds = (view: LoopView) => findDrift(view).map(({ kind }) => kind);

describe('drift', () => {
  test('is none on a host that is as the last deployment left it', () => {
    expect(findDrift(settledView)).toEqual([]);
  });

  test('is none where nothing was observed or nothing can be read', () => {
    expect(kinds({ ...settledView, observed: null })).toEqual([]);
    expect(kinds(seenWith({ current: null, profile: null, bootDefault: null, booted: null }))).toEqual([]);
  });

  test('names a switch by hand with the system and its profile generation', () => {
    const view = seenWith({
      current: foreignSystem,
      profile: { generation: 8, toplevel: foreignSystem },
      bootDefault: foreignSystem,
    });
    expect(kinds(view)).toEqual(['commit', 'runtime', 'profile', 'manual', 'bootloader']);
    expect(findDrift(view).find(({ kind }) => kind === 'manual')?.message).toBe(
      `the system was switched by hand to ${foreignSystem} (profile generation 8)`,
    );
  });

  test('tells a test by hand and a profile set by hand apart', () => {
    const tested = seenWith({ current: foreignSystem });
    expect(kinds(tested)).toEqual(['commit', 'runtime', 'manual']);
    const set = seenWith({ profile: { generation: 8, toplevel: foreignSystem } });
    expect(kinds(set)).toEqual(['profile', 'manual']);
    expect(findDrift(set)[1]?.message).toContain('next boot');
  });

  test('does not call an older system chosen in the boot menu manual', () => {
    expect(kinds(seenWith({ current: foreignSystem, booted: foreignSystem }))).toEqual(['commit', 'runtime']);
  });

  test('is none for a testing deployment, which leaves profile and boot default alone', () => {
    const testing = { ...exampleExpected, commit: newCommit, operation: 'test' as const, current: newSystem };
    const view = withFacts(
      { expected: testing },
      { observed: { ...exampleObserved, current: newSystem }, desired: desiredTesting },
    );
    expect(kinds(view)).toEqual([]);
  });

  test('is none for a staged deployment, while the old system still runs', () => {
    const staged = { ...exampleExpected, commit: newCommit, profile: newSystem, bootDefault: newSystem };
    const observed = {
      ...exampleObserved,
      profile: { generation: 8, toplevel: newSystem },
      bootDefault: newSystem,
    };
    expect(kinds(towardsNew({ state: 'settled', observed }, { expected: staged }))).toEqual([]);
  });

  test('of kind commit holds during a rollout and for nothing else then', () => {
    const observed = { ...exampleObserved, current: newSystem };
    expect(kinds(towardsNew())).toEqual(['commit']);
    expect(kinds(towardsNew({ observed }, { deployment: exampleDeployment }))).toEqual(['commit']);
  });

  test('of kind commit knows the running commit by the system itself too', () => {
    const observed = { ...exampleObserved, current: newSystem, currentRevision: newCommit };
    expect(kinds(towardsNew({ observed }, { expected: null }))).toEqual([]);
    expect(
      kinds(towardsNew({ observed: { ...observed, currentRevision: 'dirty' } }, { expected: null })),
    ).toEqual(['commit']);
  });

  test('of kind commit is none when two commits give the running system', () => {
    const twin = { ...exampleFacts.commits[0]!, commit: newCommit };
    expect(kinds(towardsNew({}, { commits: [...exampleFacts.commits, twin] }))).toEqual([]);
  });

  test('of kind boot says what a reboot mends', () => {
    const [drift] = findDrift(seenWith({ rebootReasons: ['kernel', 'initrd'] }));
    expect(drift).toEqual({
      kind: 'boot',
      message: 'booted and running system differ (kernel, initrd); a reboot mends it',
    });
  });

  test('of kind bootloader names both systems', () => {
    const [drift] = findDrift(seenWith({ bootDefault: foreignSystem }));
    expect(drift?.kind).toBe('bootloader');
    expect(drift?.message).toContain(foreignSystem);
    expect(drift?.message).toContain(oldSystem);
  });
});

describe('the begin of drift', () => {
  test('is kept while the kind holds, set for new ones and forgotten for cleared ones', () => {
    const before = { runtime: begin, profile: begin };
    expect(trackDrift(before, [{ kind: 'runtime' }, { kind: 'manual' }], later)).toEqual({
      runtime: begin,
      manual: later,
    });
  });

  test('is the same object while nothing changes, so that nothing is journalled', () => {
    const before = { runtime: begin };
    expect(trackDrift(before, [{ kind: 'runtime' }], later)).toBe(before);
    const none = {};
    expect(trackDrift(none, [], later)).toBe(none);
  });
});

const desiredTesting = {
  commit: newCommit,
  remote: 'origin',
  role: 'testing',
  branch: 'testing-web1',
  operation: 'test',
} as const;

test('a running commit other than desired is told by its short id', () => {
  expect(findDrift(towardsNew())[0]?.message).toBe(
    `the host runs ${oldCommit.slice(0, 8)}, desired is ${newCommit.slice(0, 8)}`,
  );
});
