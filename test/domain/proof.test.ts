import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { isProved, proofOf } from '../../src/domain/proof.ts';
import { host, top } from '../machines/harness.ts';
import { exampleDeployment } from './example-view.ts';

const ended = (toplevel: string, outcome: Deployment['outcome'], more: Partial<Deployment> = {}) => ({
  ...exampleDeployment,
  toplevel: top(toplevel),
  outcome,
  step: null,
  bootId: 'boot-1',
  operation: 'switch' as const,
  ...more,
});

describe('what is on record of a system', () => {
  const proof = (...deployments: readonly Deployment[]) =>
    proofOf({ ...noFacts, deployments }, 'boot-1', top('m1'));

  test.each(['committed', 'uncommitted'] as const)('%s in this boot is a proof', (outcome) => {
    expect(proof(ended('m2', 'rolled_back'), ended('m1', outcome))).toBe('passed');
    expect(proof(ended('m1', outcome, { bootId: 'boot-0' }))).toBeNull();
  });

  test.each(['failed', 'rolled_back', 'rollback_failed', 'interrupted', 'superseded'] as const)(
    '%s is none, whatever was before it, and whatever it did when it booted',
    (outcome) => {
      const deployments = [ended('m1', outcome), ended('m1', 'committed')];
      const bootProven = [{ toplevel: top('m1'), since: '' }];
      expect(proof(...deployments)).toBe('failed');
      expect(proofOf({ ...noFacts, deployments, bootProven }, 'boot-1', top('m1'))).toBe('failed');
    },
  );

  test.each([{ staged: 'the kernel changes' }, { exitCode: 100 }, { operation: 'boot' }] as const)(
    'what was only to be booted says nothing of it: %o',
    (more) => {
      expect(proof(ended('m1', 'uncommitted', more))).toBeNull();
      expect(proof(ended('m1', 'staged', more), ended('m1', 'committed'))).toBe('passed');
    },
  );

  test('what was looked at in its place says so also for operation boot', () => {
    expect(proof(ended('m1', 'committed', { operation: 'boot', inPlace: true }))).toBe('passed');
  });
});

test('only what runs and is well can be proved', () => {
  const bootProven = [{ toplevel: top('m1'), since: '' }];
  const facts = { ...noFacts, bootProven };
  expect(isProved(facts, host('m1'))).toBe(true);
  expect(isProved(facts, host('m2'))).toBe(false);
  expect(isProved(facts, host(null))).toBe(false);
  const unwell = { deployment: 'd1', before: [], since: '', looks: 1 } as never;
  expect(isProved({ ...facts, unwell }, host('m1'))).toBe(false);
});
