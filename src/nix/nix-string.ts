/** Any text as a Nix string literal; nothing in it is interpolated. */
export function nixString(text: string): string {
  const escaped = text
    .replace(/[\\"$]/g, String.raw`\$&`)
    .replace(/\n/g, String.raw`\n`)
    .replace(/\r/g, String.raw`\r`);
  return `"${escaped}"`;
}
