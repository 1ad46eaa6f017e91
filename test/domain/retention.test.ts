import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { retiredGenerations, type Generation } from '../../src/domain/retention.ts';

const generation = (number: number, toplevel = `s${number}`, specialisations: string[] = []): Generation => ({
  number,
  toplevel,
  specialisations,
});
const numbers = (generations: readonly Generation[]) => generations.map(({ number }) => number);

test('the newest stay, and of the rest what is in use, also by a specialisation of it', () => {
  const generations = [
    generation(2),
    generation(10),
    generation(9, 's2'),
    generation(3, 's3', ['s3-safe']),
    generation(1),
  ];
  const rule = (keep: number, ...inUse: string[]) => ({ keep, inUse: new Set(inUse) });
  expect(numbers(retiredGenerations(generations, rule(2)))).toEqual([1, 2, 3]);
  expect(numbers(retiredGenerations(generations, rule(1, 's2')))).toEqual([1, 3]);
  expect(numbers(retiredGenerations(generations, rule(1, 's3-safe', 's1')))).toEqual([2, 9]);
  expect(numbers(retiredGenerations(generations, rule(5)))).toEqual([]);
});

test('nothing in use and nothing among the newest is ever retired', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat({ max: 5 })),
      (all, keep, used) => {
        const generations = all.map((number) => generation(number, `s${number % 6}`));
        const inUse = new Set(used.map((each) => `s${each}`));
        const retired = retiredGenerations(generations, { keep, inUse });
        const newest = new Set(all.toSorted((one, other) => other - one).slice(0, keep));
        expect(retired.filter(({ number, toplevel }) => newest.has(number) || inUse.has(toplevel))).toEqual(
          [],
        );
        const left = generations.filter((each) => !retired.includes(each));
        expect(left.filter(({ number, toplevel }) => !newest.has(number) && !inUse.has(toplevel))).toEqual(
          [],
        );
      },
    ),
  );
});
