import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endDeployment } from '../../src/domain/deploy.ts';
import { deploymentOutcomes } from '../../src/domain/deployment.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { hookAfter, hookFault, mostPending } from '../../src/domain/hook.ts';
import { exampleDeployment } from './example-view.ts';

const fine = { exitCode: 0, signal: null, timedOut: false, log: [] };

test('what went on or came back owes a hook, and nothing else does', () => {
  const owed = deploymentOutcomes.map(
    (outcome) => hookAfter({ ...exampleDeployment, outcome })?.hook ?? null,
  );
  expect(Object.fromEntries(deploymentOutcomes.map((outcome, index) => [outcome, owed[index]]))).toEqual({
    committed: 'postCommit',
    staged: 'postCommit',
    uncommitted: null,
    rolled_back: 'postRollback',
    rollback_failed: 'postRollback',
    failed: null,
    interrupted: null,
    superseded: null,
  });
  expect(hookAfter({ ...exampleDeployment, outcome: null })).toBeNull();
});

test('a hook is told of its deployment, and every name is there', () => {
  const previous = { toplevel: null, commit: null, profile: null, bootDefault: null, specialisation: null };
  const pending = hookAfter({ ...exampleDeployment, outcome: 'committed', previous, message: 'said' });
  const { id, commit, toplevel, branch, operation } = exampleDeployment;
  expect(pending?.environment).toEqual({
    ABIDE_HOOK: 'postCommit',
    ABIDE_COMMIT: commit,
    ABIDE_PREVIOUS_COMMIT: '',
    ABIDE_TOPLEVEL: toplevel,
    ABIDE_PREVIOUS_TOPLEVEL: '',
    ABIDE_BRANCH: branch,
    ABIDE_OPERATION: operation,
    ABIDE_DEPLOYMENT: id,
    ABIDE_OUTCOME: 'committed',
    ABIDE_REASON: '',
    ABIDE_MESSAGE: 'said',
  });
});

test('the end of a deployment and the hook that it is owed are one change', () => {
  const facts = { ...noFacts, deployment: { ...exampleDeployment, outcome: null, step: 'loader' as const } };
  const ending = { outcome: 'committed', reason: 'Succeeded', message: null } as const;
  const ended = endDeployment(facts, ending, 50, 0);
  expect(ended.deployment).toBeNull();
  expect(ended.pendingHooks).toMatchObject([{ hook: 'postCommit', deployment: exampleDeployment.id }]);
});

test('of too many that are owed the oldest are given up', () => {
  let facts = noFacts;
  for (let index = 0; index < mostPending + 5; index += 1) {
    const deployment = { ...exampleDeployment, id: `d${index}`, outcome: null, step: 'loader' as const };
    const ending = { outcome: 'committed', reason: null, message: null } as const;
    facts = endDeployment({ ...facts, deployment }, ending, 5, 0);
  }
  const ids = facts.pendingHooks.map(({ deployment }) => deployment);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([mostPending, 'd5', `d${mostPending + 4}`]);
});

describe('the end of a hook', () => {
  test('is fine only with exit code 0, in time', () => {
    expect(hookFault(fine)).toBeNull();
    fc.assert(
      fc.property(
        fc.record({
          exitCode: fc.option(fc.nat(255)),
          signal: fc.option(fc.constantFrom('SIGKILL', 'lost')),
          timedOut: fc.boolean(),
          log: fc.array(fc.string()),
        }),
        (result) => (hookFault(result) === null) === (result.exitCode === 0 && !result.timedOut),
      ),
    );
  });

  test.each([
    [{ exitCode: 3, log: ['one', 'two', ''] }, 'exit code 3: two'],
    [{ exitCode: null, signal: 'SIGKILL' }, 'it was ended by SIGKILL'],
    [{ exitCode: null, signal: 'lost' }, 'it was cut off, and nobody saw how'],
    [{ exitCode: 0, timedOut: true }, 'it did not end within hooks.timeout'],
  ])('%j is told as: %s', (more, fault) => {
    expect(hookFault({ ...fine, ...more })).toBe(fault);
  });
});
