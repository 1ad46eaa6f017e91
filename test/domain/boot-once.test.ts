import { expect, test } from 'vitest';
import { enterStep, hasFallenBack, isUnseen, keepLoader, systemsTold } from '../../src/domain/boot-once.ts';
import { noticeChoice } from '../../src/domain/choice.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Loop } from '../../src/domain/loop.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { wantedPins } from '../../src/domain/pins.ts';
import { exampleDeployment } from './example-view.ts';

const [old, next, other] = ['/store/old', '/store/next', '/store/other'];
const staged: Deployment = {
  ...exampleDeployment,
  toplevel: next,
  operation: 'boot',
  bootId: 'boot-1',
  step: 'profile',
  previous: { ...exampleDeployment.previous, toplevel: old, profile: old, bootDefault: old },
};
const running = (more: Partial<Facts> = {}): Facts => ({
  ...noFacts,
  bootId: 'boot-1',
  deployment: staged,
  ...more,
});
const earlier = { toplevel: other, fallback: old, bootId: 'boot-1' };
const switching: Deployment = { ...staged, operation: 'switch', staged: null, exitCode: 0 };

test('what a loader is about to be told is known before it is told', () => {
  expect(enterStep(running(), 'profile').loaderTold).toBeNull();
  const facts = enterStep(running(), 'loader');
  expect(facts.deployment?.step).toBe('loader');
  expect(facts.loaderTold).toEqual({ toplevel: next, fallback: old });
  expect(systemsTold(facts)).toEqual([next, old]);
});

test('a switch tells it nothing, and forgets nothing of what it may have been told', () => {
  const told = { toplevel: other, fallback: old };
  expect(enterStep(running({ deployment: switching }), 'loader').loaderTold).toBeNull();
  expect(enterStep(running({ deployment: switching, loaderTold: told }), 'loader').loaderTold).toEqual(told);
  const trial: Deployment = { ...staged, trigger: 'boot' };
  expect(enterStep(running({ deployment: trial, bootOnce: earlier }), 'loader').bootOnce).toEqual(earlier);
});

test('from there on nobody says of an earlier one that it did not come up', () => {
  const facts = enterStep(running({ bootOnce: earlier }), 'loader');
  expect(facts.bootOnce).toEqual({ ...earlier, bootId: null });
  expect(systemsTold(facts)).toEqual([next, old, other, old]);
});

test('once the loader is installed, it holds a staged system, or nothing', () => {
  const facts = { ...enterStep(running(), 'loader'), bootId: 'boot-2' };
  // Told in the boot that is now, which need not be the one in which the deployment began.
  expect(keepLoader(facts, { once: true, why: null })).toMatchObject({
    bootOnce: { toplevel: next, fallback: old, bootId: 'boot-2' },
    loaderTold: { toplevel: next, fallback: old },
  });
  expect(keepLoader(facts, { once: false, why: null })).toMatchObject({ bootOnce: null, loaderTold: null });
});

test('a system that a reboot started in the middle of its staging was seen by nobody', () => {
  const seen = (deployment: Deployment, bootId: string, current: string) =>
    isUnseen(deployment, running({ bootId }), current);
  expect(seen(staged, 'boot-1', old)).toBe(true);
  expect(seen(staged, 'boot-2', next)).toBe(true);
  expect(seen(staged, 'boot-1', next)).toBe(false);
  expect(seen({ ...staged, previous: { ...staged.previous, toplevel: next } }, 'boot-2', next)).toBe(false);
  expect(seen({ ...staged, previous: { ...staged.previous, bootDefault: next } }, 'boot-1', old)).toBe(false);
  expect(seen(switching, 'boot-1', old)).toBe(false);
});

const booted = (toplevel: string) =>
  ({
    at: 0,
    bootId: 'boot-2',
    booted: toplevel,
    current: toplevel,
    bootDefault: old,
    specialisation: null,
  }) as Observed;

test('one that was given up before it was started is not blamed for not coming up', () => {
  const policy = { mode: 'enforce' } as Loop['policy'];
  const after = (facts: Facts) => hasFallenBack({ facts, policy, observed: booted(old) } as Loop);
  const facts = running({ deployment: null, bootOnce: earlier });
  expect(after(facts)).toBe(true);
  const { commit } = exampleDeployment;
  const givenUp = { commit, toplevel: other, reason: 'GivenUp', since: '', deployment: null };
  expect(after({ ...facts, quarantine: [givenUp] })).toBe(false);
  expect(after({ ...facts, bootOnce: { ...earlier, bootId: null } })).toBe(false);
});

test('nobody chose what the loader started because it was told to, also where the journal has no more than that', () => {
  const facts = enterStep(running(), 'loader');
  expect(noticeChoice(facts, booted(next)).choice).toBeNull();
  expect(noticeChoice(facts, booted(other)).choice).toMatchObject({ what: 'boot', toplevel: other });
  expect(noticeChoice({ ...facts, deployment: switching }, booted(next)).choice).toBeNull();
  const over: Facts = { ...facts, deployment: null, expected: { commit: staged.commit } as never };
  expect(noticeChoice(over, booted(next)).choice).toMatchObject({ what: 'boot', toplevel: next });
});

test('what the loader falls back to is kept from collection from before it is told', () => {
  expect(wantedPins(running({ deployment: null }))['boot-fallback']).toBeUndefined();
  expect(wantedPins(enterStep(running(), 'loader'))['boot-fallback']).toBe(old);
  expect(wantedPins(running({ deployment: null, bootOnce: earlier }))['boot-fallback']).toBe(old);
});
