import { createHash } from 'node:crypto';
import type { Signer } from '../domain/remote.ts';
import type { Malformed } from './raw-commit.ts';

/** What a signature says of itself before anybody verified it. */
export type ClaimedSignature =
  | { readonly kind: Extract<Signer['kind'], 'gpg'> }
  | {
      readonly kind: Extract<Signer['kind'], 'ssh'>;
      /** SHA256:... of the key that is in the signature. */
      readonly key: string;
      /** The key itself, as in an authorized_keys line. */
      readonly publicKey: string;
      readonly namespace: string;
      /** False for SHA-1 and whatever else ssh-keygen does not take. */
      readonly hasStrongDigest: boolean;
    };

/**
 * Reads a commit's armour strictly: one block, nothing before or after it, and in an SSH signature (PROTOCOL.sshsig)
 * nothing after its last field. Git picks the verifier by the armour, so kinds that are not ours are refused here.
 */
export function readArmor(armor: string): ClaimedSignature | Malformed {
  const text = `${armor.replace(/\n+$/, '')}\n`;
  if ((text.match(/^-----BEGIN /gm) ?? []).length !== 1) return { malformed: 'has not just one signature' };
  if (pgp.test(text)) return { kind: 'gpg' };
  const base64 = ssh.exec(text)?.[1];
  if (base64 === undefined)
    return { malformed: 'has a signature that is neither OpenPGP nor SSH in proper armour' };
  return readSshSignature(base64.replaceAll('\n', ''));
}

const pgp =
  /^-----BEGIN PGP SIGNATURE-----\n(?:[A-Za-z]+: [^\n]*\n)*\n(?:[A-Za-z0-9+/=]+\n)+-----END PGP SIGNATURE-----\n$/;
const ssh = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n$/;

function readSshSignature(base64: string): ClaimedSignature | Malformed {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64)
    return { malformed: 'has an SSH signature that is not proper base64' };
  const magic = bytes.subarray(0, 6).toString('latin1');
  const fields = magic === 'SSHSIG' && bytes.length > 10 ? readStrings(bytes.subarray(10)) : null;
  if (fields?.length !== 5 || bytes.readUInt32BE(6) !== 1)
    return { malformed: 'has an SSH signature of a wrong form' };
  const [key = empty, namespace = empty, , hash = empty, signature = empty] = fields;
  if (readStrings(signature) === null && !isSecurityKey(signature)) {
    return { malformed: 'has an SSH signature with something after its end' };
  }
  const type = readStrings(key.subarray(0, 4 + (key.length >= 4 ? key.readUInt32BE(0) : 0)))?.[0];
  if (!type) return { malformed: 'has an SSH signature without a key' };
  return {
    kind: 'ssh',
    key: `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`,
    publicKey: `${type.toString('latin1')} ${key.toString('base64')}`,
    namespace: namespace.toString('latin1'),
    hasStrongDigest: isStrong(hash.toString('latin1'), readStrings(signature)?.[0]?.toString('latin1')),
  };
}

// PROTOCOL.sshsig allows these two, and of RSA signatures (RFC 8332) not the kind that is named like the key.
function isStrong(hash: string, signatureType: string | undefined): boolean {
  return (hash === 'sha256' || hash === 'sha512') && signatureType !== 'ssh-rsa';
}

const empty = Buffer.alloc(0);

/** Length-prefixed strings up to the end; null when the bytes are not just these. */
function readStrings(bytes: Buffer): Buffer[] | null {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const next = at + 4 + bytes.readUInt32BE(at);
    if (next > bytes.length) return null;
    strings.push(bytes.subarray(at + 4, next));
    at = next;
  }
  return strings;
}

/** Signatures of security keys (PROTOCOL.u2f) end with a byte of flags and a counter of four bytes. */
function isSecurityKey(signature: Buffer): boolean {
  const fields = signature.length > 5 ? readStrings(signature.subarray(0, -5)) : null;
  return fields?.length === 2 && fields[0]?.toString('latin1').startsWith('sk-') === true;
}
