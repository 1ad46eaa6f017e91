// Escape sequences first, whole (CSI, OSC, two-character); then what is left of C0, C1, bidi and invisible format characters.
const escapes =
  /\u001b\[[0-9:;<=>?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\^_]|\u009b[0-9:;<=>?]*[ -/]*[@-~]/g;
const controls =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text of others made safe for terminals, logs and labels on one line: escapes and controls go, white space becomes one space. */
export function plainText(text: string, maxLength = 1000): string {
  const plain = text.replace(escapes, '').replace(controls, '').replace(/\s+/g, ' ').trim();
  return plain.length > maxLength ? `${plain.slice(0, maxLength - 1)}…` : plain;
}
