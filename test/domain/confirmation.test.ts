import { describe, expect, test } from 'vitest';
import { consentTo, openQuestion, withConsent } from '../../src/domain/confirmation.ts';
import type { DeploymentStep } from '../../src/domain/deployment.ts';
import type { Waiting } from '../../src/domain/loop.ts';
import type { Target } from '../../src/domain/target.ts';
import { begin, exampleDeployment, exampleFacts, newCommit, oldCommit } from './example-view.ts';

const target: Target = {
  commit: newCommit,
  remote: 'origin',
  role: 'main',
  branch: 'main',
  operation: 'switch',
  trigger: 'commit',
  by: null,
};
const shut = (gate: string): Waiting => ({ gate, reason: '', since: 0, nextCheck: null });
const at = (step: DeploymentStep) => ({
  facts: { ...exampleFacts, deployment: { ...exampleDeployment, step } },
  target,
  waiting: null,
  evaluation: null,
});

describe('what can be answered', () => {
  test('is the deployment on probation', () => {
    expect(openQuestion(at('probation'), null)).toMatchObject({
      about: 'probation',
      deployment: { id: 'd1' },
    });
    expect(openQuestion(at('probation'), 'd1')).toMatchObject({ about: 'probation' });
    expect(openQuestion(at('probation'), newCommit.slice(0, 7))).toMatchObject({ about: 'probation' });
    expect(openQuestion(at('probation'), oldCommit)).toMatchObject({
      message: expect.stringContaining('d1 is'),
    });
  });

  test.each([
    ['prepare', 'answer once it is on probation'],
    ['switch', 'answer once it is on probation'],
    ['look', 'answer once it is on probation'],
    ['passed', 'abide rollback'],
    ['profile', 'abide rollback'],
    ['loader', 'abide rollback'],
    ['rollback', 'being rolled back already'],
  ] as const)('is nothing at step %s, and that is said', (step, words) => {
    expect(openQuestion(at(step), null)).toMatchObject({
      about: 'nothing',
      message: expect.stringContaining(words),
    });
  });

  test('is a commit at a gate that asks for consent, and at no other', () => {
    const loop = { facts: exampleFacts, target, evaluation: null };
    expect(openQuestion({ ...loop, waiting: shut('removal') }, null)).toMatchObject({
      about: 'gate',
      commit: newCommit,
    });
    for (const gate of ['lock', 'cache', 'network']) {
      expect(openQuestion({ ...loop, waiting: shut(gate) }, null).about).toBe('nothing');
    }
    expect(openQuestion({ ...loop, waiting: shut('removal') }, oldCommit).about).toBe('nothing');
    expect(openQuestion({ ...loop, target: null, waiting: null }, null).about).toBe('nothing');
  });
});

test('a consent is to one commit, names who gave it, and the newest twenty are kept', () => {
  const commits = Array.from({ length: 25 }, (_, index) => index.toString(16).padStart(40, '0'));
  const facts = commits.reduce(
    (before, commit) => withConsent(before, { commit, by: 'ada', since: begin }),
    withConsent(exampleFacts, { commit: newCommit, by: 'bob', since: begin }),
  );
  expect(consentTo(facts, commits[24]!)?.by).toBe('ada');
  expect(consentTo(facts, newCommit)).toBeNull();
  expect(facts.confirmed).toHaveLength(20);
});
