import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** True when the new system brings a unit that the one before has not, or has otherwise; drop-ins and templates count. */
export async function isUnitChanged(
  name: string,
  systems: { readonly previous: string | null; readonly toplevel: string },
): Promise<boolean> {
  const [before, after] = await Promise.all([
    systems.previous === null ? '' : definitionOf(systems.previous, name),
    definitionOf(systems.toplevel, name),
  ]);
  return after !== '' && before !== after;
}

/** A text that is the same for the same definition; empty where the system has none. */
async function definitionOf(toplevel: string, name: string): Promise<string> {
  const units = join(toplevel, 'etc/systemd/system');
  const template = name.replace(/@.*(\.[^.]+)$/, '@$1');
  const parts = await Promise.all([...new Set([name, template])].map((unit) => partsOf(units, unit)));
  return parts.flat().join('\n');
}

async function partsOf(units: string, unit: string): Promise<readonly string[]> {
  const [file, dropIns] = await Promise.all([textOf(join(units, unit)), listOf(join(units, `${unit}.d`))]);
  const texts = await Promise.all(dropIns.map((dropIn) => textOf(join(units, `${unit}.d`, dropIn))));
  return [file, ...texts].filter((text) => text !== '');
}

async function listOf(dir: string): Promise<readonly string[]> {
  return readdir(dir).then(
    (names) => names.toSorted(),
    () => [],
  );
}

/** The file's text; a unit may come to the same text by another store path. */
async function textOf(path: string): Promise<string> {
  return realpath(path)
    .then((file) => readFile(file, 'utf8'))
    .catch(() => '');
}
