import { describe, expect, test } from 'vitest';
import type { OwnFate } from '../../src/domain/own-unit.ts';
import {
  isTrustedBy,
  mustHandOver,
  ownCheckOf,
  ownEnd,
  withTimeToHandOver,
} from '../../src/domain/handover.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { startClock } from '../../src/domain/probation.ts';
import type { Deployment, DeploymentOutcome } from '../../src/domain/deployment.ts';
import { history, id } from '../machines/harness.ts';
import { exampleDeployment } from './example-view.ts';

const old = { supervised: true, startedAt: 1000 };
const successor = { supervised: true, startedAt: 3000 };
const facts = (abide: OwnFate, activatedAt: number | null = 2000): Facts => ({
  ...noFacts,
  deployment: { ...exampleDeployment, abide },
  probation: {
    deployment: exampleDeployment.id,
    rules: null,
    before: [],
    clock: activatedAt === null ? null : startClock(null, 'boot-1', activatedAt),
  },
});

describe('who decides a deployment that is on probation', () => {
  test.each(['unchanged', 'broken', 'removed'] as const)('abide is %s: who is there', (fate) => {
    expect(mustHandOver(facts(fate), old)).toBe(false);
  });

  test('abide changed: only what was started after the switch had ended', () => {
    expect(mustHandOver(facts('changed'), old)).toBe(true);
    expect(mustHandOver(facts('changed'), { ...old, startedAt: 2000 })).toBe(true);
    expect(mustHandOver(facts('changed'), successor)).toBe(false);
    expect(mustHandOver(facts('changed', null), successor)).toBe(true);
  });

  test('without anybody who starts abide again nobody else would come', () => {
    expect(mustHandOver(facts('changed'), { ...old, supervised: false })).toBe(false);
  });

  test('nothing is deployed', () => {
    expect(mustHandOver(noFacts, old)).toBe(false);
  });
});

test('the deadline leaves another abide the time to take over', () => {
  const short = { settleMs: 0, stableForMs: 0, deadlineMs: 5000 };
  const long = { ...short, deadlineMs: 300_000 };
  const rulesIn = (of: Facts, rules = short, self = old) =>
    withTimeToHandOver(of, rules, self).probation?.rules;
  expect(rulesIn(facts('changed'))).toEqual({ ...short, deadlineMs: 60_000 });
  expect(rulesIn(facts('changed'), long)).toBeNull();
  expect(rulesIn(facts('unchanged'))).toBeNull();
  expect(rulesIn(facts('changed'), short, { ...old, supervised: false })).toBeNull();
  const own = facts('changed');
  const brought = { ...own, probation: { ...own.probation!, rules: long } };
  expect(rulesIn(brought)).toEqual(long);
});

describe('the proof of a new abide', () => {
  const good = { mismatch: null, isServing: true, hasReached: true, isTrusted: true };

  test('is whole', () => {
    expect(ownCheckOf(good)).toMatchObject({ name: 'abide', status: 'passing', message: null });
  });

  test.each([
    [{ isServing: false }, 'its control socket does not listen'],
    [{ hasReached: false }, 'no remote has answered since it started'],
    [{ isTrusted: false }, 'by its own policy the commit is not trusted'],
  ])('lacks something that may still come: %o', (lacking, message) => {
    expect(ownCheckOf({ ...good, ...lacking })).toMatchObject({
      status: 'failing',
      message,
      definitive: false,
    });
  });

  test('is none when it is not the new abide', () => {
    expect(ownCheckOf({ ...good, mismatch: 'old' })).toMatchObject({
      status: 'failing',
      message: 'old',
      definitive: true,
    });
  });

  test('the commit is trusted when a branch offers it, or what comes after it', () => {
    const judgement = {
      remote: 'a',
      role: 'main',
      ref: 'main',
      head: null,
      relation: 'same',
      verdict: null,
    } as const;
    const offering = (candidate: string | null) => ({
      judgements: [{ ...judgement, candidate: candidate && id(candidate) }],
      ancestry: history('m1 m2'),
    });
    expect(isTrustedBy(offering('m1'), id('m1'))).toBe(true);
    expect(isTrustedBy(offering('m2'), id('m1'))).toBe(true);
    expect(isTrustedBy(offering('m1'), id('m2'))).toBe(false);
    expect(isTrustedBy(offering(null), id('m1'))).toBe(false);
  });
});

describe('what the end of a deployment means for the process', () => {
  const after = (abide: OwnFate, outcome: DeploymentOutcome): Facts => ({
    ...noFacts,
    deployments: [{ ...exampleDeployment, abide, outcome, step: null }],
  });
  const end = (abide: OwnFate, outcome: DeploymentOutcome, self = successor) =>
    ownEnd(facts(abide), after(abide, outcome), self);

  test('a system without abide was committed: nobody goes on', () => {
    expect(end('removed', 'committed', old)).toBe('leave');
    expect(end('removed', 'committed', { ...old, supervised: false })).toBe('leave');
    for (const outcome of ['staged', 'rolled_back', 'uncommitted', 'failed'] as const) {
      expect(end('removed', outcome)).toBe('stay');
    }
  });

  test('a removal that the boot loader failed is over when it is committed after all', () => {
    const now = after('unchanged', 'committed');
    const { toplevel } = exampleDeployment;
    const entry = (change: Partial<Deployment>): Deployment => ({
      ...exampleDeployment,
      step: null,
      ...change,
    });
    const tried = entry({ abide: 'removed', outcome: 'uncommitted' });
    const triedAgain = entry({ outcome: 'uncommitted' });
    const endAfter = (...earlier: readonly Deployment[]) =>
      ownEnd(facts('unchanged'), { ...now, deployments: [...now.deployments, ...earlier] }, old);
    expect(endAfter(tried)).toBe('leave');
    expect(endAfter(triedAgain, tried)).toBe('leave');
    expect(endAfter({ ...tried, toplevel: `${toplevel}-other` })).toBe('stay');
    expect(endAfter(triedAgain)).toBe('stay');
    expect(endAfter(entry({ outcome: 'committed' }), tried)).toBe('stay');
  });

  test('the system before runs again: its own abide goes on, and the old process is that', () => {
    expect(end('changed', 'rolled_back')).toBe('renew');
    expect(end('changed', 'rolled_back', old)).toBe('stay');
    expect(end('changed', 'rolled_back', { ...successor, supervised: false })).toBe('stay');
    expect(end('changed', 'committed')).toBe('stay');
    expect(end('unchanged', 'rolled_back')).toBe('stay');
  });

  test('after a first boot the abide of the system before goes on, whichever that is', () => {
    const trial = { ...exampleDeployment, trigger: 'boot' as const, step: null };
    const endOf = (more: Partial<Deployment>, self = old) =>
      ownEnd(
        facts('unchanged'),
        { ...noFacts, deployments: [{ ...trial, outcome: 'rolled_back', ...more }] },
        self,
      );
    expect(endOf({ reason: 'HealthCheckFailed' })).toBe('renew');
    expect(endOf({ reason: 'HealthCheckFailed' }, { ...old, supervised: false })).toBe('stay');
    expect(endOf({ outcome: 'failed' })).toBe('stay');
    expect(endOf({ outcome: 'committed' })).toBe('stay');
    // The loader has gone back: this process is the one of the system before.
    expect(endOf({ reason: 'BootFailed' })).toBe('stay');
  });

  test('only the transition counts, so that one who starts abide by hand later keeps it', () => {
    expect(ownEnd(after('removed', 'committed'), after('removed', 'committed'), old)).toBe('stay');
    expect(ownEnd(facts('removed'), facts('removed'), old)).toBe('stay');
  });
});
