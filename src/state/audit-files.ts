import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Files that are kept beside the one that is written. */
export const keptFiles = 8;

/** The name of the file that is written (0), or of the N-th before it. */
export function auditFile(number: number): string {
  return number === 0 ? 'audit.jsonl' : `audit.${number}.jsonl`;
}

/** The files that are there, oldest first. */
export function auditFiles(dir: string): readonly string[] {
  const numbers = Array.from({ length: keptFiles + 1 }, (_, index) => keptFiles - index);
  return numbers.map(auditFile).filter((name) => existsSync(join(dir, name)));
}

/** Moves every file one further; the oldest goes when all are there. What a crash left half moved is moved on. */
export function rotateAuditFiles(dir: string): void {
  const free = Array.from({ length: keptFiles }, (_, index) => index + 1).find(
    (number) => !existsSync(join(dir, auditFile(number))),
  );
  for (let number = (free ?? keptFiles) - 1; number >= 0; number -= 1) {
    renameSync(join(dir, auditFile(number)), join(dir, auditFile(number + 1)));
  }
}
