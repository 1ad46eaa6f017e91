import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../domain/problem.ts';

/** The absolute path of a program in a PATH; a switch may change what PATH means. Throws Problem `tool_missing`. */
export function findProgram(path: string, name: string): string {
  const found = path
    .split(':')
    .filter((dir) => dir.startsWith('/'))
    .map((dir) => join(dir, name))
    .find(isProgram);
  if (found !== undefined) return found;
  throw new Problem('tool_missing', `${name} is not on the daemon's PATH (${path}); add it and try again`);
}

/** True for a file that may be executed. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
