import { expect, test } from 'vitest';
import { needsOnlyCommit } from '../../src/domain/after-evaluation.ts';
import { recordWithoutChange } from '../../src/domain/deploy.ts';
import type { Choice } from '../../src/domain/choice.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Target } from '../../src/domain/target.ts';
import { evaluation, host, id, input, top } from '../machines/harness.ts';

const target: Target = {
  commit: id('m1'),
  remote: 'origin',
  role: 'main',
  branch: 'main',
  operation: 'switch',
  trigger: 'operator',
  by: 'ada',
};
const there = host('m1', { profile: { generation: 2, toplevel: top('m1') }, bootDefault: top('m1') });
const loopWith = (facts: Facts) => ({
  ...input(),
  facts,
  offers: {},
  ancestry: { pairs: new Set<string>() },
  observed: there,
  target,
  evaluation: evaluation('m1'),
});
type Loop = Parameters<typeof needsOnlyCommit>[0];
const loop = (facts: Facts) => loopWith(facts) as unknown as Loop;

test('what runs and has proved itself is never activated again, whatever else is there already', () => {
  const proved = { ...noFacts, bootProven: [{ toplevel: top('m1'), since: '2026-01-01T00:00:00.000Z' }] };
  expect(needsOnlyCommit(loop(proved))).toBe(true);
  expect(needsOnlyCommit(loop(noFacts))).toBe(false);
});

test('who asks for the commit that they had chosen against, and has it, has chosen no more', () => {
  const choice = (commit: string): Choice => ({
    what: 'boot',
    toplevel: top('hand'),
    commit: id(commit),
    since: '2026-01-01T00:00:00.000Z',
  });
  const chosen = (commit: string) =>
    recordWithoutChange(loop({ ...noFacts, choice: choice(commit) }), Date.parse('2026-01-02T00:00:00Z'))
      .choice;
  expect(chosen('m1')).toBeNull();
  expect(chosen('m2')).toEqual(choice('m2'));
});
