import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Who types this command, for the record: the user that logged in, also behind sudo; else the process's own. */
export function claimedUser(): string | null {
  return loginUser() ?? ownUser();
}

/** The kernel keeps the login's user id through sudo and su; the largest number stands for "nobody logged in". */
function loginUser(): string | null {
  try {
    const id = readFileSync('/proc/self/loginuid', 'utf8').trim();
    const users = readFileSync('/etc/passwd', 'utf8').split('\n');
    return users.map((line) => line.split(':')).find(([, , uid]) => uid === id)?.[0] ?? null;
  } catch {
    return null;
  }
}

function ownUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
