import { plainText } from './plain-text.ts';

/** An SSH public key as its one line says it. */
export interface SshPublicKey {
  readonly type: string;
  /** The decoded key, which is what makes two lines the same key. */
  readonly blob: Uint8Array;
  /** What follows the key on its line; it proves nothing. */
  readonly comment: string;
}

/**
 * The key of a line `TYPE BASE64 [comment]`, or a sentence about why it is none. Stricter than ssh: one spelling for each
 * key and nothing after it, so that no two programs can read two keys in one text. The sentence quotes no secret.
 * `leastRsaBits` is for lists of keys that are refused, where a weak key is as good as any.
 */
export function parseSshPublicKey(text: string, leastRsaBits = 2048): SshPublicKey | string {
  if (text.includes('PRIVATE KEY'))
    return 'this is a private key; give the public one, the line of its .pub file';
  const parts = /^[ \t]*(\S+)[ \t]+(\S+)(?:[ \t]+([^\r\n]*))?$/.exec(text.trimEnd());
  const [, type = '', base64 = '', comment = ''] = parts ?? [];
  if (!parts) return `a public key of one line is needed, like ssh-ed25519 AAAA...`;
  if (!Object.hasOwn(fields, type)) return whyNotAllowed(type);
  const blob = decode(base64);
  if (blob === null)
    return `the key after ${type} is not base64 of one spelling; copy the whole line of its .pub file`;
  const fault = checkBlob(type, blob, leastRsaBits);
  return fault ?? { type, blob, comment: comment.trimEnd() };
}

/** The key as `TYPE BASE64`: the same text for the same key, and what the files of ssh take. */
export function sshKeyText({ type, blob }: SshPublicKey): string {
  return `${type} ${Buffer.from(blob).toString('base64')}`;
}

/** The key types that may sign, as error messages list them. */
export const sshKeyTypes = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;

/** Judges one field of a key: a sentence about what is wrong with it, or null. */
type Field = (bytes: Buffer, leastRsaBits: number) => string | null;

/** As many as OpenSSH reads; more would only make verification slow. */
const mostRsaBits = 16_384;

const fields: Readonly<Record<(typeof sshKeyTypes)[number], readonly Field[]>> = {
  'ssh-ed25519': [ofLength(32)],
  'ssh-rsa': [exponent, modulus],
  'ecdsa-sha2-nistp256': [exactly('nistp256'), point(32)],
  'ecdsa-sha2-nistp384': [exactly('nistp384'), point(48)],
  'ecdsa-sha2-nistp521': [exactly('nistp521'), point(66)],
  'sk-ssh-ed25519@openssh.com': [ofLength(32), application],
  'sk-ecdsa-sha2-nistp256@openssh.com': [exactly('nistp256'), point(32), application],
};

function whyNotAllowed(type: string): string {
  const allowed = `allowed are ${sshKeyTypes.join(', ')}`;
  if (type === 'ssh-dss') return `DSA keys are too weak to be trusted; ${allowed}`;
  if (type.includes('-cert-')) return `certificates are not supported; give the key itself; ${allowed}`;
  // What does not look like a type may be anything, a secret too.
  const named = /^(?:ssh|sk|ecdsa|rsa)-[a-z0-9@.-]{1,60}$/.test(type)
    ? `${plainText(type)} is not`
    : 'the first word is not';
  return `${named} a type of key that may sign; ${allowed}`;
}

function decode(base64: string): Buffer | null {
  const blob = Buffer.from(base64, 'base64');
  return blob.length > 0 && blob.toString('base64') === base64 ? blob : null;
}

function checkBlob(type: string, blob: Buffer, leastRsaBits: number): string | null {
  const parts = split(blob);
  const [inner, ...values] = parts ?? [];
  const checks: readonly Field[] = fields[type as keyof typeof fields];
  if (inner === undefined || values.length !== checks.length) {
    return `the key is cut off or has more in it than a key of type ${type} has; copy the whole line of its .pub file`;
  }
  if (!inner.equals(Buffer.from(type))) return `the line says ${type}, but the key in it is of another type`;
  const faults = values.map((value, index) => checks[index]?.(value, leastRsaBits) ?? null);
  return faults.find((fault) => fault !== null) ?? null;
}

/** The fields of a key, each with four bytes of length before it; null when they do not fill it exactly. */
function split(blob: Buffer): readonly Buffer[] | null {
  const found: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return null;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return null;
    found.push(blob.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function ofLength(length: number): Field {
  return (bytes) =>
    bytes.length === length ? null : `the key has ${bytes.length} bytes where ${length} are needed`;
}

function exactly(name: string): Field {
  return (bytes) =>
    bytes.equals(Buffer.from(name)) ? null : `the key is not on the curve ${name} that its type names`;
}

function point(size: number): Field {
  return (bytes) =>
    bytes.length === 2 * size + 1 && bytes[0] === 4
      ? null
      : 'the key is not a whole, uncompressed point of its curve';
}

function application(bytes: Buffer): string | null {
  return bytes.length > 0 ? null : 'the key names no application';
}

function exponent(bytes: Buffer): string | null {
  const isUsable = isPositive(bytes) && bitsOf(bytes) > 1 && isOdd(bytes);
  return isUsable ? null : 'the exponent of the RSA key is not an odd number above 1';
}

function modulus(bytes: Buffer, leastRsaBits: number): string | null {
  if (!isPositive(bytes) || !isOdd(bytes))
    return 'the modulus of the RSA key is not an odd number in its one spelling';
  const bits = bitsOf(bytes);
  if (bits >= leastRsaBits && bits <= mostRsaBits) return null;
  return `the RSA key has ${bits} bits; allowed are ${leastRsaBits} to ${mostRsaBits}`;
}

/** True for a number above zero without needless zero bytes before it. */
function isPositive(bytes: Buffer): boolean {
  const [first = 0x80, second = 0] = bytes;
  return first < 0x80 && (first > 0 || second >= 0x80);
}

function isOdd(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1;
}

function bitsOf(bytes: Buffer): number {
  const lead = bytes.findIndex((byte) => byte !== 0);
  return lead < 0 ? 0 : (bytes.length - lead) * 8 - Math.clz32(bytes[lead] ?? 0) + 24;
}
