import { parseSshPublicKey } from '../domain/ssh-key.ts';

/** What is wrong with a file of revoked SSH keys, each as the end of a sentence about it; never quotes it. */
export function findRevokedKeyFaults(bytes: Buffer): readonly string[] {
  // A key revocation list is read by ssh-keygen alone.
  if (bytes.subarray(0, magic.length).equals(magic)) return [];
  return bytes
    .toString('utf8')
    .split('\n')
    .flatMap((line, index) => {
      const fault = checkLine(line.trim());
      return fault === null ? [] : [`line ${index + 1}: ${fault}`];
    });
}

const magic = Buffer.from('SSHKRL\n\0', 'latin1');
/** The least that OpenSSH reads; revoking a weak key is no mistake. */
const leastRsaBits = 1024;

function checkLine(line: string): string | null {
  if (line === '' || line.startsWith('#')) return null;
  if (/^(?:serial|id|key|sha1|sha256|hash):/i.test(line)) {
    return 'this is the source of a key revocation list; make the list with ssh-keygen -k, or list plain public keys';
  }
  const key = parseSshPublicKey(line, leastRsaBits);
  return typeof key === 'string' ? key : null;
}
