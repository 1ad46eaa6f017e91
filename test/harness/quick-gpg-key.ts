import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { Sign } from './signing.ts';

/** An OpenPGP key of this process. */
export interface QuickGpgKey {
  readonly fingerprint: string;
  /** As a key file has it, without armour. */
  readonly publicKey: Buffer;
  readonly sign: Sign;
}

/** What a signature is to say of itself. */
interface SignatureKind {
  readonly type: number;
  readonly data: Buffer;
}

/** Makes an ed25519 key in this process, whose signatures cost no process: for long histories. RFC 4880, with EdDSA. */
export function createQuickGpgKey(user = 'Quick <quick@example.org>'): QuickGpgKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const made = number(Math.floor(Date.now() / 1000) - 60, 4);
  const point = Buffer.concat([
    Buffer.of(0x40),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
  ]);
  const key = Buffer.concat([Buffer.of(4), made, Buffer.of(eddsa, curve.length), curve, integer(point)]);
  const framed = Buffer.concat([Buffer.of(0x99), number(key.length, 2), key]);
  const fingerprint = createHash('sha1').update(framed).digest();
  const signature = ({ type, data }: SignatureKind): Buffer => {
    const at = number(Math.floor(Date.now() / 1000) - 30, 4);
    const said = Buffer.concat([subpacket(2, at), subpacket(33, Buffer.concat([Buffer.of(4), fingerprint]))]);
    const head = Buffer.concat([Buffer.of(4, type, eddsa, sha256), number(said.length, 2), said]);
    const trailer = Buffer.concat([Buffer.of(4, 0xff), number(head.length, 4)]);
    const digest = createHash('sha256').update(data).update(head).update(trailer).digest();
    const bytes = signBytes(null, digest, privateKey);
    const issuer = subpacket(16, fingerprint.subarray(-8));
    return packet(
      2,
      Buffer.concat([
        head,
        number(issuer.length, 2),
        issuer,
        digest.subarray(0, 2),
        integer(bytes.subarray(0, 32)),
        integer(bytes.subarray(32)),
      ]),
    );
  };
  const name = Buffer.from(user);
  const named = Buffer.concat([framed, Buffer.of(0xb4), number(name.length, 4), name]);
  return {
    fingerprint: fingerprint.toString('hex').toUpperCase(),
    publicKey: Buffer.concat([packet(6, key), packet(13, name), signature({ type: 0x13, data: named })]),
    sign: (payload) => armoured(signature({ type: 0, data: payload })),
  };
}

const eddsa = 22;
const sha256 = 8;
const curve = Buffer.from('2b06010401da470f01', 'hex');

function armoured(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  const check = `=${number(crc24(bytes), 3).toString('base64')}`;
  return ['-----BEGIN PGP SIGNATURE-----', '', ...lines, check, '-----END PGP SIGNATURE-----', ''].join('\n');
}

// Optional by the standard, but without it gpg may take the END line for data.
function crc24(bytes: Buffer): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0);
  }
  return crc & 0xffffff;
}

function packet(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x80 | (tag << 2) | 1), number(body.length, 2), body]);
}

function subpacket(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(body.length + 1, type), body]);
}

/** A number as OpenPGP writes large ones: its length in bits, then its bytes without leading zeros. */
function integer(bytes: Buffer): Buffer {
  const lead = bytes.findIndex((byte) => byte !== 0);
  const rest = bytes.subarray(lead < 0 ? bytes.length : lead);
  const bits = rest.length * 8 - (rest[0] === undefined ? 0 : Math.clz32(rest[0]) - 24);
  return Buffer.concat([number(bits, 2), rest]);
}

function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
