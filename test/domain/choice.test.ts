import { describe, expect, test } from 'vitest';
import { forgetChoice, noticeChoice, noticeWentBack } from '../../src/domain/choice.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { noticeReboot } from '../../src/domain/notice-reboot.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { liftTrouble } from '../../src/domain/wishes.ts';
import {
  begin,
  exampleDeployment,
  exampleFacts,
  exampleObserved,
  foreignSystem,
  newSystem,
  oldCommit,
  oldSystem,
} from './example-view.ts';

const seen = (change: Partial<Observed>): Observed => ({ ...exampleObserved, ...change });
const older = seen({
  current: foreignSystem,
  profile: { generation: 5, toplevel: foreignSystem },
  bootDefault: foreignSystem,
});
const choice = { what: 'generation', toplevel: foreignSystem, commit: oldCommit, since: begin } as const;

describe('an older generation of the profile', () => {
  test('is a choice that holds the commit that was deployed', () => {
    expect(noticeReboot(exampleFacts, older).choice).toEqual(choice);
    expect(noticeReboot(exampleFacts, seen({ ...older, current: oldSystem })).choice).toEqual(choice);
  });

  test.each([
    ['a new generation', { newestGeneration: 5 }, {}],
    ['a profile without generations', { profile: { generation: null, toplevel: foreignSystem } }, {}],
    ['one that is what was deployed', { profile: { generation: 5, toplevel: oldSystem } }, {}],
    ['one during a deployment', {}, { deployment: exampleDeployment }],
    ['one on a host that had no deployment', {}, { expected: null }],
    [
      'one that was seen before, because a person asked for the commit since',
      {},
      { driftSince: { profile: begin } },
    ],
  ] as const)('is none: %s', (_name, observed, facts) => {
    const before: Facts = { ...exampleFacts, ...facts };
    expect(noticeWentBack(before, seen({ ...older, ...observed }), null)).toBe(before);
  });

  test('is one too after a switch by hand, and none when only looked at again', () => {
    const drifted = { ...exampleFacts, driftSince: { profile: begin } };
    const switched = seen({ profile: { generation: 7, toplevel: newSystem } });
    expect(noticeReboot(drifted, older, switched).choice).toEqual(choice);
    expect(noticeReboot(drifted, older, older).choice).toBeNull();
  });

  test('is held over a reboot, and until the profile is where it was', () => {
    const held = { ...exampleFacts, choice };
    const rebooted = seen({ ...older, bootId: 'boot-2', booted: foreignSystem });
    expect(noticeReboot(held, rebooted).choice).toEqual(choice);
    expect(forgetChoice(held, older).choice).toEqual(choice);
    expect(forgetChoice(held, exampleObserved).choice).toBeNull();
  });

  test('is over by abide retry, and not noticed again while it still stands', () => {
    const held = { ...exampleFacts, choice, driftSince: { profile: begin } };
    expect(noticeReboot(liftTrouble(held, oldCommit), older).choice).toBeNull();
  });
});

describe('a boot', () => {
  test('of another system than the default is a choice', () => {
    const facts = noticeChoice(exampleFacts, seen({ booted: newSystem, current: newSystem }));
    expect(facts.choice).toMatchObject({ what: 'boot', toplevel: newSystem });
  });

  test('of a specialisation of the default is none, and proves no other system', () => {
    const specialisation = { name: 'safe', toplevel: foreignSystem };
    const facts = { ...exampleFacts, bootToProve: foreignSystem };
    expect(noticeChoice(facts, seen({ booted: foreignSystem, specialisation }))).toMatchObject({
      choice: null,
      bootToProve: null,
    });
  });
});
