import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A root and a store made by hand: toplevels are directories, and their programs scripts a test writes. */
export interface FakeHost {
  readonly dir: string;
  readonly root: string;
  readonly storeDir: string;
  readonly stateDir: string;
  /** Makes a toplevel of these files; names in `bin/` become programs. Gives its store path. */
  readonly toplevel: (name: string, files?: Readonly<Record<string, string>>) => string;
  /** Makes or replaces a link below the root. */
  readonly link: (path: string, target: string) => void;
  /** Writes a file below the root. */
  readonly write: (path: string, text: string) => void;
  readonly remove: () => void;
}

/** Makes an empty fake host in a directory of its own. */
export function createFakeHost(): FakeHost {
  const dir = mkdtempSync(join(tmpdir(), 'abide-host-'));
  const root = join(dir, 'root');
  const storeDir = join(dir, 'store');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (/\/bin\/[^/]+$/.test(path)) chmodSync(path, 0o755);
  };
  mkdirSync(join(root, 'run'), { recursive: true });
  mkdirSync(storeDir);
  return {
    dir,
    root,
    storeDir,
    stateDir: join(dir, 'state'),
    toplevel: (name, files = {}) => {
      const toplevel = join(storeDir, name);
      mkdirSync(toplevel, { recursive: true });
      for (const [path, text] of Object.entries(files)) write(join(toplevel, path), text);
      return toplevel;
    },
    link: (path, target) => {
      const at = join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      rmSync(at, { force: true });
      symlinkSync(target, at);
    },
    write: (path, text) => write(join(root, path), text),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A `switch-to-configuration` of these shell lines; `activate` in them moves run/current-system to `$0`'s toplevel. */
export function switchProgram(...lines: readonly string[]): Record<string, string> {
  return {
    'bin/switch-to-configuration': [
      '#!/bin/sh',
      'activate() { ln -sfn "$(dirname "$(dirname "$0")")" "$ABIDE_ROOT/run/current-system"; }',
      ...lines,
      '',
    ].join('\n'),
  };
}
