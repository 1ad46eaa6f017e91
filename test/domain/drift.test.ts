import { describe, expect, test } from 'vitest';
import { driftBegan, findDrift, knowableDrift, trackDrift } from '../../src/domain/drift.ts';
import { driftKinds, type DriftKind } from '../../src/domain/facts.ts';
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
const messageOf = (view: LoopView, wanted: DriftKind) =>
  findDrift(view).find(({ kind }) => kind === wanted)?.message;
const nothing = {
  current: null,
  booted: null,
  profile: null,
  bootDefault: null,
  rebootReasons: null,
  units: null,
};

test('what came with something else than a look is as old as the newest look', () => {
  expect(driftBegan('commit', towardsNew())).toBe(begin);
  expect(driftBegan('commit', towardsNew({}, { driftSince: { commit: later } }))).toBe(later);
  expect(driftBegan('commit', { ...settledView, observed: null })).toBeNull();
});

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
      `the system was switched by hand to ${foreignSystem} (profile generation 8) at ${begin}`,
    );
  });

  test('names the commit that a system switched to by hand says it is of, and nothing that cannot be known', () => {
    const view = seenWith({
      current: foreignSystem,
      currentRevision: newCommit,
      profile: { generation: null, toplevel: foreignSystem },
      profileSince: null,
    });
    expect(messageOf(view, 'manual')).toBe(
      `the system was switched by hand to ${foreignSystem} (commit ${newCommit.slice(0, 8)})`,
    );
  });

  test('tells an older generation from a new one, whether it runs already or at the next boot', () => {
    const older = { profile: { generation: 5, toplevel: foreignSystem } };
    expect(messageOf(seenWith({ ...older, current: foreignSystem }), 'manual')).toBe(
      `the system was switched back by hand to ${foreignSystem} (profile generation 5), an older generation at ${begin}`,
    );
    expect(messageOf(seenWith(older), 'manual')).toBe(
      `the system profile was set by hand to ${foreignSystem} (profile generation 5), an older generation at ${begin}; it starts at the next boot`,
    );
  });

  test('is none for a specialisation of what is expected', () => {
    const specialisation = { name: 'safe', toplevel: foreignSystem };
    expect(kinds(seenWith({ specialisation }))).toEqual([]);
    expect(kinds(seenWith({ specialisation, booted: foreignSystem }))).toEqual([]);
  });

  test('of kind units names the first units and counts the rest', () => {
    const change = (unit: string) => ({ unit, is: 'masked', where: '/run/systemd/system' }) as const;
    expect(messageOf(seenWith({ units: [change('sshd.service')] }), 'units')).toBe(
      'sshd.service is masked in /run/systemd/system',
    );
    const units = Array.from({ length: 1000 }, (_, index) => change(`u${index}.service`));
    expect(messageOf(seenWith({ units }), 'units')).toMatch(/^u0\.service is masked .*, and 995 more$/);
    expect(
      kinds(withFacts({ deployment: exampleDeployment }, { observed: { ...exampleObserved, units } })),
    ).toEqual([]);
  });

  test('of kind units says what a switch that was cut off has left undone, beside what was changed', () => {
    const left = (unit: string, is: 'unstarted' | 'unrestarted') =>
      ({ unit, is, where: '/run/nixos' }) as const;
    const masked = { unit: 'cups.service', is: 'masked', where: '/run/systemd/system' } as const;
    const units = [masked, left('a.service', 'unstarted'), left('b.service', 'unrestarted')];
    expect(messageOf(seenWith({ units }), 'units')).toBe(
      'cups.service is masked in /run/systemd/system; a switch was cut off before it was done (not started: a.service; not restarted: b.service); switch-to-configuration test of the running system does the rest',
    );
    const many = Array.from({ length: 1000 }, (_, index) => left(`u${index}.service`, 'unstarted'));
    expect(messageOf(seenWith({ units: many }), 'units')).toMatch(
      /^a switch was cut off .*u4\.service, and 995 more\)/,
    );
  });

  test('names the other system profile that what runs, or starts by default, comes from', () => {
    const foreignProfiles = [{ name: 'test', generation: 3, toplevel: foreignSystem }];
    const from = `${foreignSystem} (generation 3 of the system profile test)`;
    const switched = seenWith({ foreignProfiles, current: foreignSystem, bootDefault: foreignSystem });
    expect(kinds(switched)).toEqual(['commit', 'runtime', 'manual', 'bootloader']);
    expect(messageOf(switched, 'runtime')).toBe(`${from} runs, expected since ${begin} is ${oldSystem}`);
    expect(messageOf(switched, 'manual')).toBe(
      `${from} was activated by hand at ${begin}, without changing the system profile`,
    );
    const booted = { ...switched.observed, booted: foreignSystem };
    expect(messageOf(seenWith(booted), 'manual')).toBe(
      `the boot loader was set by hand to start ${from} by default`,
    );
    const staged = seenWith({ foreignProfiles, bootDefault: foreignSystem });
    expect(kinds(staged)).toEqual(['manual', 'bootloader']);
    expect(messageOf(staged, 'bootloader')).toBe(
      `the boot loader starts ${from} by default, expected since ${begin} is ${oldSystem}`,
    );
    // An entry of another profile that was chosen in the boot menu is a choice, and is told as one.
    expect(kinds(seenWith({ foreignProfiles, current: foreignSystem, booted: foreignSystem }))).toEqual([
      'commit',
      'runtime',
    ]);
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

describe('what can be told of a host', () => {
  const knowable = (view: LoopView) => knowableDrift(view);

  test('is all where all can be read', () => {
    expect(knowable(settledView)).toEqual(driftKinds);
  });

  test.each([
    ['without a boot loader', { bootDefault: null }, ['bootloader']],
    ['that is a container', { bootDefault: null, rebootReasons: null }, ['boot', 'bootloader']],
    ['without a system profile', { profile: null }, ['profile']],
    ['whose current-system dangles', { current: null }, ['commit', 'runtime']],
    ['without systemd', { units: null }, ['units']],
    ['of which nothing can be read', nothing, driftKinds],
  ])('%s leaves out %#', (_name, observed, absent) => {
    const view = seenWith(observed);
    expect(knowable(view)).toEqual(
      driftKinds.filter((kind) => !(absent as readonly string[]).includes(kind)),
    );
    expect(kinds(view)).toEqual([]);
  });

  test('compares with nothing before the first deployment and before the first look', () => {
    expect(knowable(withFacts({ expected: null }))).toEqual(['commit', 'boot', 'units']);
    expect(knowable({ ...settledView, observed: null })).toEqual([]);
  });

  test('does not change while a deployment runs, so that no series comes and goes', () => {
    expect(knowable(withFacts({ deployment: exampleDeployment }))).toEqual(driftKinds);
  });
});

describe('the begin of drift', () => {
  test('is never in the future and never forgotten, whichever way the clock jumps', () => {
    const runtime = [{ kind: 'runtime' }] as const;
    expect(trackDrift({ runtime: later }, runtime, begin)).toEqual({ runtime: begin });
    expect(trackDrift({ runtime: begin }, runtime, '2036-01-01T00:00:00.000Z')).toEqual({ runtime: begin });
  });

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
