import { readFile } from 'node:fs/promises';

/** A user as people know them, `alice (1000)`; only the number where /etc/passwd has no name for it. */
export async function nameUser(uid: number): Promise<string> {
  const entry = (await readTable('/etc/passwd')).find((fields) => fields[2] === String(uid));
  return entry?.[0] ? `${entry[0]} (${uid})` : String(uid);
}

/** The users in a group, by their own entry or the group's; null for a group that /etc/group does not know. */
export async function findMembers(gid: number): Promise<readonly number[] | null> {
  const [users, groups] = await Promise.all([readTable('/etc/passwd'), readTable('/etc/group')]);
  const group = groups.find((fields) => fields[2] === String(gid));
  if (group === undefined) return null;
  const named = new Set((group[3] ?? '').split(',').filter((name) => name !== ''));
  const members = users.filter(([name = '', , , own]) => own === String(gid) || named.has(name));
  // A member without an entry comes from a directory that is not looked at here, so nothing can be said.
  const known = new Set(members.map(([name]) => name));
  return [...named].every((name) => known.has(name)) ? members.map((fields) => Number(fields[2])) : null;
}

async function readTable(file: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').map((line) => line.split(':'));
}
