import { describe, expect, test } from 'vitest';
import { committedBase, readAsks } from '../../src/domain/commit-asks.ts';
import { exampleExpected, exampleFacts, newCommit, oldCommit } from './example-view.ts';

const said = (...trailers: string[]) => readAsks([{ commit: newCommit, trailers }]);

describe('what commits ask of their deployment', () => {
  test('is nothing where they say nothing', () => {
    expect(readAsks([])).toEqual({ noRollback: null, confirm: null, remarks: [] });
    expect(said('Signed-off-by: Ada <ada@example.org>')).toEqual({
      noRollback: null,
      confirm: null,
      remarks: [],
    });
  });

  test.each(['Abide-Rollback: no', 'abide-rollback:no', 'ABIDE-ROLLBACK:  No '])('%j keeps them', (line) => {
    expect(said(line)).toMatchObject({ noRollback: newCommit, remarks: [] });
  });

  test('counts in whichever of them it is said', () => {
    const read = [
      { commit: newCommit, trailers: ['Reviewed-by: Bob'] },
      { commit: oldCommit, trailers: ['Abide-Rollback: no', 'Abide-Confirm: manual'] },
    ];
    expect(readAsks(read)).toEqual({ noRollback: oldCommit, confirm: oldCommit, remarks: [] });
  });

  test.each([
    'Abide-Rollback: never',
    'Abide-Rollback: ',
    'Abide-Rollback: no, please',
    'Abide-Rolback: no',
    'Abide-Confirm: yes',
    'Abide-: no',
  ])('%j is told and not obeyed', (line) => {
    const { noRollback, confirm, remarks } = said(line);
    expect([noRollback, confirm]).toEqual([null, null]);
    expect(remarks).toEqual([expect.stringContaining('which has no effect; allowed are Abide-Rollback: no')]);
  });

  test('reaches no terminal as it was written', () => {
    expect(said('Abide-Rollback: \u001b[2J').remarks[0]).not.toContain('\u001b');
  });
});

test('a host has committed up to its deployed commit, and an unfinished commit is not past', () => {
  expect(committedBase(exampleFacts)).toBe(oldCommit);
  const unfinished = { ...exampleExpected, commit: newCommit, committed: false };
  expect(committedBase({ ...exampleFacts, expected: unfinished })).toBe(oldCommit);
  expect(committedBase({ ...exampleFacts, expected: null, committedMain: null })).toBe(oldCommit);
  expect(committedBase({ ...exampleFacts, expected: null, committedMain: null, floor: null })).toBeNull();
});

test('what was only staged has not run: its commits are asked once more for what is deployed instead', () => {
  const record = { ...exampleFacts.commits[0]!, commit: oldCommit, toplevel: exampleExpected.current };
  const staged = { ...exampleExpected, commit: newCommit, profile: '/nix/store/staged' };
  const facts = { ...exampleFacts, expected: staged, commits: [record] };
  expect(committedBase(facts)).toBe(oldCommit);
  expect(committedBase({ ...facts, commits: [] })).toBe(newCommit);
  expect(committedBase({ ...facts, expected: { ...staged, operation: 'test' } })).toBe(newCommit);
});
