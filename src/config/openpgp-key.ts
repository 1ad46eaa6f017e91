import { createHash } from 'node:crypto';
import { decodeArmor } from './openpgp-armor.ts';

/** The keys of an OpenPGP file that say what it is; fingerprints in upper-case hex. */
export interface OpenPgpKeys {
  readonly primary: readonly string[];
  readonly sub: readonly string[];
  /** True when a key is of a version whose fingerprint is left to gpg. */
  readonly hasOthers: boolean;
}

/** Reads the public keys of a file as RFC 9580 lays them out, or says as the end of a sentence why it holds none. */
export function readOpenPgpKeys(bytes: Buffer): OpenPgpKeys | string {
  const blocks = decodeArmor(bytes);
  if (blocks === 'private') return holdsPrivateKey;
  const split = blocks?.map(splitPackets) ?? [null];
  const packets = split.flatMap((one) => one ?? []);
  if (packets.some(({ tag }) => privateTags.has(tag))) return holdsPrivateKey;
  if (split.includes(null))
    return 'holds no OpenPGP public key that can be read; gpg --export --armor writes one';
  const keys = packets.filter(({ tag }) => tag === primaryTag || tag === subkeyTag);
  if (!keys.some(({ tag }) => tag === primaryTag))
    return 'holds no OpenPGP public key; gpg --export --armor writes one';
  return {
    primary: fingerprintsOf(keys, primaryTag),
    sub: fingerprintsOf(keys, subkeyTag),
    hasOthers: keys.some(({ body }) => body[0] !== 4),
  };
}

const holdsPrivateKey =
  'holds a private key, which no host that only verifies should have; give what gpg --export --armor writes';
const primaryTag = 6;
const subkeyTag = 14;
const privateTags = new Set([5, 7]);

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

function fingerprintsOf(keys: readonly Packet[], tag: number): readonly string[] {
  return keys.filter((key) => key.tag === tag && key.body[0] === 4).map(({ body }) => fingerprint(body));
}

function fingerprint(body: Buffer): string {
  const head = Buffer.of(0x99, body.length >> 8, body.length & 0xff);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}

/** Null when the bytes are not packets from the first to the last. */
function splitPackets(bytes: Buffer): readonly Packet[] | null {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readHeader(bytes, at);
    const end = header ? header.start + header.length : Infinity;
    if (header === null || end > bytes.length) return null;
    packets.push({ tag: header.tag, body: bytes.subarray(header.start, end) });
    at = end;
  }
  return packets;
}

interface Header {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
}

function readHeader(bytes: Buffer, at: number): Header | null {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return null;
  const isNew = (first & 0x40) !== 0;
  const size = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, first & 3);
  if (size === null) return null;
  return { tag: isNew ? first & 0x3f : (first >> 2) & 0xf, start: at + 1 + size.bytes, length: size.length };
}

interface Size {
  /** Bytes that say the length. */
  readonly bytes: number;
  readonly length: number;
}

// A length of parts is for data that is streamed, never for a key.
function newLength(bytes: Buffer, at: number): Size | null {
  const first = bytes[at] ?? 255;
  if (first < 192) return { bytes: 1, length: first };
  if (first < 224) return { bytes: 2, length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192 };
  return first === 255 && at + 5 <= bytes.length ? { bytes: 5, length: bytes.readUInt32BE(at + 1) } : null;
}

function oldLength(bytes: Buffer, at: number, kind: number): Size | null {
  const count = [1, 2, 4][kind];
  return count === undefined || at + count > bytes.length
    ? null
    : { bytes: count, length: bytes.readUIntBE(at, count) };
}
