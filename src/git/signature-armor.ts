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
 * Reads a commit's armour strictly: one block with one signature, nothing before or after it and, in an SSH signature
 * (PROTOCOL.sshsig), nothing that ssh-keygen passes over. What no signature covers can be changed by anybody, and makes
 * another commit of it. Git picks the verifier by the armour, so kinds that are not ours are refused here.
 */
export function readArmor(armor: string): ClaimedSignature | Malformed {
  const text = `${armor.replace(/\n+$/, '')}\n`;
  if ((text.match(/^-----BEGIN /gm) ?? []).length !== 1) return { malformed: 'has not just one signature' };
  const packets = pgp.exec(text)?.[1];
  if (packets !== undefined) return readPgpSignature(packets.replaceAll('\n', ''));
  const base64 = ssh.exec(text)?.[1];
  if (base64 === undefined)
    return { malformed: 'has a signature that is neither OpenPGP nor SSH in proper armour' };
  return readSshSignature(base64.replaceAll('\n', ''));
}

const pgp =
  /^-----BEGIN PGP SIGNATURE-----\n(?:[A-Za-z]+: ?[^\n]*\n)*\n((?:[A-Za-z0-9+/]+={0,2}\n)+)(?:=[A-Za-z0-9+/]{4}\n)?-----END PGP SIGNATURE-----\n$/;
const ssh = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n$/;

/** Only what can mislead or be changed is looked at; all else is gpg's. */
function readPgpSignature(base64: string): ClaimedSignature | Malformed {
  const bytes = Buffer.from(base64, 'base64');
  const body = bytes.toString('base64') === base64 ? onlyPacket(bytes) : null;
  if (body === null) return { malformed: 'has an OpenPGP signature that is not just one signature packet' };
  const [version = 0, type] = body;
  if (version < 4) return { malformed: 'has an OpenPGP signature of a version before 4' };
  // A signature of a text holds with other line ends too, which would be another commit.
  if (type !== 0)
    return { malformed: 'has an OpenPGP signature that is not made for bytes (gpg without --textmode)' };
  return { kind: 'gpg' };
}

/** The body of the signature packet that these bytes are; null when they are anything else or more (RFC 4880, 4.2). */
function onlyPacket(bytes: Buffer): Buffer | null {
  const [tag = 0, first = 0] = bytes;
  const isNew = (tag & 0x40) !== 0;
  if ((tag & 0x80) === 0 || (isNew ? tag & 0x3f : (tag >> 2) & 0x0f) !== signaturePacket) return null;
  const bytesOfLength = isNew ? newLengthBytes(first) : oldLengthBytes[tag & 3];
  if (bytesOfLength === undefined || bytes.length <= 1 + bytesOfLength) return null;
  const body = bytes.subarray(1 + bytesOfLength);
  const length = isNew ? newLength(bytes, bytesOfLength) : bytes.readUIntBE(1, bytesOfLength);
  return length === body.length ? body : null;
}

const signaturePacket = 2;
/** By the last two bits of the tag; the fourth kind ends where the file does. */
const oldLengthBytes: readonly (number | undefined)[] = [1, 2, 4, undefined];

function newLengthBytes(first: number): number | undefined {
  if (first < 192) return 1;
  if (first < 224) return 2;
  return first === 255 ? 5 : undefined;
}

function newLength(bytes: Buffer, bytesOfLength: number): number {
  if (bytesOfLength === 5) return bytes.readUInt32BE(2);
  return bytesOfLength === 1 ? bytes.readUInt8(1) : bytes.readUInt16BE(1) - (192 << 8) + 192;
}

function readSshSignature(base64: string): ClaimedSignature | Malformed {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64)
    return { malformed: 'has an SSH signature that is not proper base64' };
  const magic = bytes.subarray(0, 6).toString('latin1');
  const fields = magic === 'SSHSIG' && bytes.length > 10 ? readStrings(bytes.subarray(10)) : null;
  if (fields?.length !== 5 || bytes.readUInt32BE(6) !== 1)
    return { malformed: 'has an SSH signature of a wrong form' };
  const [key = empty, namespace = empty, reserved = empty, hash = empty, signature = empty] = fields;
  if (reserved.length > 0) return { malformed: 'has an SSH signature of a wrong form' };
  if (readStrings(signature)?.length !== 2 && !isSecurityKey(signature)) {
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
