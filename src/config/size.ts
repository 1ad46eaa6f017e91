const unitBytes: Readonly<Record<string, number>> = {
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** What an amount of memory looks like in the config file; also the pattern of the JSON Schema. */
export const sizePattern = /^[1-9][0-9]{0,8}(?:[KMGT](?:iB)?)$/;

/** Bytes of a string such as `512MiB` or `4G`, both in powers of 1024; null for anything else. */
export function parseSize(text: string): number | null {
  if (!sizePattern.test(text)) return null;
  const unit = text.replace(/^[0-9]+/, '').charAt(0);
  return Number.parseInt(text, 10) * (unitBytes[unit] ?? 1);
}
