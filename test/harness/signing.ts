/** Signs what a commit says; gives the armoured signature. */
export type Sign = (payload: Buffer) => string;

/** Puts a signature into a commit, as git does: after the committer, continued lines with a space before them. */
export function withSignature(payload: Buffer, signature: string, header = 'gpgsig'): Buffer {
  const folded = signature.replace(/\n+$/, '').replaceAll('\n', '\n ');
  return edited(payload, '\n\n', `\n${header} ${folded}\n\n`);
}

/** A commit signed by somebody. */
export function signed(payload: Buffer, sign: Sign): Buffer {
  return withSignature(payload, sign(payload));
}

/** Replaces the first occurrence of a text in the bytes of an object; throws when there is none. */
export function edited(object: Buffer, from: string, to: string): Buffer {
  const at = object.indexOf(from);
  if (at < 0) throw new Error(`nothing to edit: ${JSON.stringify(from)}`);
  return Buffer.concat([object.subarray(0, at), Buffer.from(to), object.subarray(at + from.length)]);
}

/** The same OpenPGP signature in other bytes: an armor header that nobody has signed. */
export function armorTwin(signature: string): string {
  return signature.replace('-----\n\n', '-----\nComment: twin\n\n');
}

/** The same SSH signature with bytes behind it, inside the armor. */
export function trailingBytes(signature: string): string {
  return reArmored(signature, (blob) => Buffer.concat([blob, Buffer.from('trailing')]));
}

/** An SSH signature that has other bytes in its armor. */
export function reArmored(signature: string, edit: (blob: Buffer) => Buffer): string {
  const [begin = '', ...rest] = signature.trimEnd().split('\n');
  const end = rest.pop() ?? '';
  const blob = edit(Buffer.from(rest.join(''), 'base64')).toString('base64');
  return [begin, ...(blob.match(/.{1,70}/g) ?? []), end, ''].join('\n');
}
