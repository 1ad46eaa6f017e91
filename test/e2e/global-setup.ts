import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../../', import.meta.url));

/** Builds dist/ once when a source is newer, so that what is tested is what is written. */
export function setup(): void {
  const built = modified(join(top, 'dist/main.mjs'));
  const newest = Math.max(
    ...['src', 'machines', 'metrics', 'package.json'].map((path) => newestIn(join(top, path))),
  );
  if (newest > built)
    execFileSync(process.execPath, [join(top, 'test/setup/build.mjs')], { stdio: 'inherit' });
}

function newestIn(path: string): number {
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(
    ...readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => modified(join(path, name))),
  );
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
