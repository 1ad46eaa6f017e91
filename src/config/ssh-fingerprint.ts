import { createHash } from 'node:crypto';
import type { SshPublicKey } from '../domain/ssh-key.ts';

/** `SHA256:` and the digest of a key, as ssh-keygen and forges show it. */
export function sshFingerprint({ blob }: SshPublicKey): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
