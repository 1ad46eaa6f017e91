import { readFile } from 'node:fs/promises';
import { Problem } from '../domain/problem.ts';
import type { RemoteSource } from './remote-source.ts';
import { transportOf } from './remote-source.ts';

/**
 * The credential helper of one remote: reads the token file whenever git asks, with nothing but shell built-ins, so
 * that the token is in no argument and in no environment.
 */
export function credentialHelper({ auth }: RemoteSource): string | null {
  if (auth.tokenFile === null) return null;
  return [
    '#!/bin/sh',
    '[ "$1" = get ] || exit 0',
    `IFS= read -r token < ${shellQuoted(auth.tokenFile)} || [ -n "$token" ] || exit 1`,
    // A file written on Windows ends its line with a carriage return, which is no part of the token.
    'token=${token%"$(printf "\\r")"}',
    String.raw`printf 'username=%s\npassword=%s\n' ` + `${shellQuoted(auth.username)} "$token"`,
    '',
  ].join('\n');
}

/** Throws Problem `credential_unreadable`, naming the file, when a fetch could not log in for want of it. */
export async function checkCredentials(remote: RemoteSource): Promise<void> {
  const { tokenFile, sshKeyFile, knownHostsFile } = remote.auth;
  const transport = transportOf(remote);
  if (tokenFile !== null && (transport === 'https' || transport === 'http')) {
    await requireContent(remote, 'token file', tokenFile);
  }
  if (transport !== 'ssh') return;
  if (sshKeyFile !== null) await requireContent(remote, 'SSH key file', sshKeyFile);
  if (knownHostsFile !== null) await requireContent(remote, 'known hosts file', knownHostsFile);
}

/** One word for a POSIX shell, whatever is in it. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

async function requireContent({ name }: RemoteSource, what: string, file: string): Promise<void> {
  const content = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`;
    throw new Problem('credential_unreadable', `remote ${name}: ${what} ${file} ${why}`, { cause });
  });
  const empty = content.every((byte) => byte === 0x0a || byte === 0x0d || byte === 0x20);
  content.fill(0);
  if (empty) throw new Problem('credential_unreadable', `remote ${name}: ${what} ${file} is empty`);
}
