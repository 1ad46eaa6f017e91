import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findProgram } from './find-program.ts';

/** A word of a shell script that stands for exactly this text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `NAME='value'` lines; the values become text, never code. */
export function assignments(variables: Readonly<Record<string, string | number>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(String(value))}`)
    .join('\n');
}

/** What a switch-to-configuration is run with; the same on the way back as on the way there. */
export interface SwitchEnvironment {
  readonly root: string;
  readonly path: string;
  readonly localeArchive: string | null;
  /** True skips the pre-switch checks. */
  readonly noCheck: boolean;
}

/** `export` lines for a switch-to-configuration. */
export function exportsOf({ root, path, localeArchive, noCheck }: SwitchEnvironment): string {
  const variables = {
    PATH: path,
    ...(root === '/' ? {} : { ABIDE_ROOT: root }),
    ...(localeArchive === null ? {} : { LOCALE_ARCHIVE: localeArchive }),
    ...(noCheck ? { NIXOS_NO_CHECK: '1' } : {}),
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}`)
    .join('\n');
}

/**
 * Where a program will still be after a switch: its directory is followed to the store, because a switch moves the links
 * on the way; its own name stays, because one program may have many. Throws Problem `tool_missing`.
 */
export function lastingProgram(path: string, name: string): string {
  const found = findProgram(path, name);
  return join(realpathSync(dirname(found)), basename(found));
}

/** Where this system's shell will still be after a switch, by the name `sh`, because some shells ask what they are called. */
export function lastingShell(): string {
  try {
    const target = readlinkSync('/bin/sh');
    return target.startsWith('/') && basename(target) === 'sh' ? target : '/bin/sh';
  } catch {
    return '/bin/sh';
  }
}
