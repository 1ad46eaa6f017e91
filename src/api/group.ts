import { readFileSync } from 'node:fs';

/**
 * The id of a group in /etc/group, or of a number that stands for one; null when there is none. Groups that only name
 * services know (LDAP, dynamic users of systemd) are not found.
 */
export function findGroup(name: string, file = '/etc/group'): number | null {
  if (/^\d{1,9}$/.test(name)) return Number(name);
  return groupIn(readGroups(file), name);
}

function readGroups(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function groupIn(groups: string, name: string): number | null {
  const fields = groups.split('\n').map((line) => line.split(':'));
  const id = fields.find(([group]) => group === name)?.[2] ?? '';
  return /^\d+$/.test(id) ? Number(id) : null;
}
