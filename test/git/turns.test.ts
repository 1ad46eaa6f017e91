import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../src/git/turns.ts';

const work = (log: string[], name: string, ms: number) => async () => {
  log.push(`${name} begins`);
  await sleep(ms);
  log.push(`${name} ends`);
};

test('many work together, one alone waits for them and holds up those who come later', async () => {
  const turns = createTurns();
  const log: string[] = [];
  await Promise.all([
    turns.together(work(log, 'a', 20)),
    turns.together(work(log, 'b', 30)),
    turns.alone(work(log, 'alone', 10)),
    turns.together(work(log, 'c', 1)),
  ]);
  expect(log).toEqual([
    'a begins',
    'b begins',
    'a ends',
    'b ends',
    'alone begins',
    'alone ends',
    'c begins',
    'c ends',
  ]);
});

test('upkeep that finds somebody at work does not wait', async () => {
  const turns = createTurns();
  const log: string[] = [];
  const busy = turns.together(work(log, 'a', 20));
  await turns.ifIdle(work(log, 'upkeep', 1));
  expect(log).toEqual(['a begins']);
  await busy;
  await turns.ifIdle(work(log, 'upkeep', 1));
  expect(log).toContain('upkeep ends');
});

test('the last one out tidies up, also when work and tidying fail, and nobody begins meanwhile', async () => {
  const turns = createTurns();
  const log: string[] = [];
  const tidy = async () => {
    await work(log, 'tidy', 10)();
    throw new Error('tidy');
  };
  const failing = turns.together(async () => {
    turns.lastOut(tidy);
    throw new Error('fetch');
  });
  const other = turns.together(work(log, 'a', 20));
  await expect(failing).rejects.toThrow('fetch');
  expect(log).toEqual(['a begins']);
  await Promise.all([other, sleep(25).then(() => turns.together(work(log, 'b', 1)))]);
  expect(log).toEqual(['a begins', 'a ends', 'tidy begins', 'tidy ends', 'b begins', 'b ends']);
  await expect(turns.alone(() => Promise.reject(new Error('alone')))).rejects.toThrow('alone');
  await turns.together(work(log, 'c', 1));
  expect(log).toContain('c ends');
});
