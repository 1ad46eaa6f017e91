import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createKeeper } from '../../src/daemon/keeper.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { Problem } from '../../src/domain/problem.ts';

function keeperOn(disk: { isFull: boolean }) {
  const written: unknown[] = [];
  const keeper = createKeeper({
    journal: {
      write: ({ facts }) => {
        if (disk.isFull) throw new Problem('journal_unwritable', 'no space');
        written.push(facts);
      },
    },
    witness: { write: () => undefined },
    facts: noFacts,
    news: { all: () => [], nextId: () => 1 },
    counters: () => ({}),
    conditions: () => [],
    log: pino({ level: 'silent' }),
  });
  return { keeper, written };
}

test('what could not be written is tried again with every transition, also when nothing has changed since', () => {
  const disk = { isFull: true };
  const { keeper, written } = keeperOn(disk);
  const facts = { ...noFacts, bootId: 'b' };
  keeper.offer(facts);
  expect(keeper.problem()?.code).toBe('journal_unwritable');
  expect(() => keeper.flush()).toThrow('no space');
  disk.isFull = false;
  keeper.offer(facts);
  expect([written, keeper.problem()]).toEqual([[facts], null]);
});

test('what is on disk is not written again, until something was counted', () => {
  const { keeper, written } = keeperOn({ isFull: false });
  keeper.offer(noFacts);
  keeper.offer(noFacts);
  expect(written).toEqual([noFacts]);
  keeper.counted();
  keeper.offer(noFacts);
  expect(written).toEqual([noFacts, noFacts]);
});
