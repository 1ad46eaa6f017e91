import { readFile } from 'node:fs/promises';
import { shellQuoted } from './credentials.ts';
import type { LocalRepository } from './local-repository.ts';

/**
 * The upload-pack for a local repository that belongs to somebody else, as a shell command that runs it as them: its
 * configuration, its alternates and its links then reach no further than they do. null when it is our own, or when we
 * are not root and git itself has to refuse.
 */
export async function uploadPackAsOwner({ owner }: LocalRepository, path: string): Promise<string | null> {
  const self = process.geteuid?.() ?? 0;
  if (self !== 0 || owner === self) return null;
  const group = (await primaryGroup(owner)) ?? owner;
  // Our own configuration is in a directory that the owner cannot enter, and is none of their business.
  const environment = `env -i PATH=${shellQuoted(path)} LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_PROTOCOL="$GIT_PROTOCOL"`;
  return `${environment} setpriv --reuid=${owner} --regid=${group} --clear-groups --no-new-privs git-upload-pack`;
}

async function primaryGroup(uid: number): Promise<number | null> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = users.split('\n').map((line) => line.split(':'));
  const gid = Number(fields.find((field) => field[2] === String(uid))?.[3] ?? Number.NaN);
  return Number.isSafeInteger(gid) ? gid : null;
}
