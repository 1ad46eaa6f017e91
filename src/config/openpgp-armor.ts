/**
 * The binary packets of every armoured block in a text, or of the bytes themselves where nothing is armoured; null when
 * an armour cannot be read. A text that holds an armoured private key is never decoded: `private`.
 */
export function decodeArmor(bytes: Buffer): readonly Buffer[] | 'private' | null {
  const text = bytes.toString('latin1');
  if (text.includes('PRIVATE KEY BLOCK')) return 'private';
  // A packet begins with a byte above 127, an armour with a dash or with text before it.
  if ((bytes[0] ?? 0) >= 0x80) return [bytes];
  const blocks = [...text.matchAll(block)].map(([, body = '']) => decodeBody(body));
  const decoded = blocks.filter((one) => one !== null);
  return blocks.length === 0 || decoded.length < blocks.length ? null : decoded;
}

const block =
  /^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n([^]*?)^-----END PGP PUBLIC KEY BLOCK-----[ \t]*\r?$/gm;

/** The lines between the armour's own headers and its checksum. */
function decodeBody(body: string): Buffer | null {
  const lines = body.split('\n').map((line) => line.trim());
  const blank = lines.indexOf('');
  const data = lines.slice(blank + 1).filter((line) => line !== '' && !/^=[A-Za-z0-9+/]{4}$/.test(line));
  const base64 = data.join('');
  const decoded = Buffer.from(base64, 'base64');
  return blank >= 0 && decoded.length > 0 && decoded.toString('base64') === base64 ? decoded : null;
}
