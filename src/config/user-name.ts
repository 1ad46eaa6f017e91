import { readFile } from 'node:fs/promises';

/** A user as people know them, `alice (1000)`; only the number where /etc/passwd has no name for it. */
export async function nameUser(uid: number): Promise<string> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const entry = passwd.split('\n').find((line) => line.split(':')[2] === String(uid));
  const name = entry?.split(':')[0] ?? '';
  return name === '' ? String(uid) : `${name} (${uid})`;
}
