const name = String.raw`[0-9a-z]{32}-[0-9a-zA-Z+\-._?=]+`;
const wholePath = new RegExp(String.raw`^/[^\s]*/${name}$`);
const derivationPath = new RegExp(String.raw`/[^\s'"]*/${name}?\.drv(?![0-9a-zA-Z+\-._?=])`, 'g');

/** True for the form of a store path, in any store directory; says nothing of whether it exists. */
export function isStorePath(text: unknown): text is string {
  return typeof text === 'string' && wholePath.test(text);
}

/** What people call a derivation: its base name without hash and `.drv`. */
export function derivationName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/^[0-9a-z]{32}-/, '').replace(/\.drv$/, '');
}

/** The first derivation path in a text; null when there is none. */
export function derivationIn(text: string): string | null {
  return text.match(derivationPath)?.[0] ?? null;
}
