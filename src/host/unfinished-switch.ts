import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LeftUndone, UnitChange } from '../domain/observed.ts';
import { readText } from './read-text.ts';
import { isSwitchLocked, switchLock } from './switch-lock.ts';

/**
 * What a switch-to-configuration that was cut off has left undone: it writes down what it means to do, and takes that away
 * when it is done. The same lists are there while a switch runs, so they count only while nobody holds its lock, and
 * only where switches take one.
 */
export async function unfinishedSwitch(root: string): Promise<readonly UnitChange[]> {
  const before = await readLists(root);
  if (before.length === 0 || !(await hasLock(root)) || (await isSwitchLocked(root))) return [];
  // A switch that ended between the two looks has taken its lists away by now.
  const after = new Set((await readLists(root)).map(({ unit, where }) => `${where} ${unit}`));
  return before.filter(({ unit, where }) => after.has(`${where} ${unit}`));
}

/** The lists of the switch itself, and those that activation scripts hand to it. */
const lists: readonly (readonly [name: string, is: LeftUndone])[] = [
  ['start-list', 'unstarted'],
  ['restart-list', 'unrestarted'],
  ['activation-restart-list', 'unrestarted'],
  ['reload-list', 'unreloaded'],
  ['activation-reload-list', 'unreloaded'],
];

async function readLists(root: string): Promise<readonly UnitChange[]> {
  const read = async ([name, is]: (typeof lists)[number]) => {
    const text = (await readText(join(root, 'run/nixos', name))) ?? '';
    const units = new Set(text.split('\n').filter((unit) => unitName.test(unit)));
    return [...units].map((unit) => ({ unit, is, where: `/run/nixos/${name}` }));
  };
  return (await Promise.all(lists.map(read))).flat();
}

const unitName = /^[\w:@.\\-]+\.[a-z]+$/;

async function hasLock(root: string): Promise<boolean> {
  return stat(join(root, switchLock)).then(
    () => true,
    () => false,
  );
}
