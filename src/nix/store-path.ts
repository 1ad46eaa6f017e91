/** What people call a derivation: its base name without hash and `.drv`. */
export function derivationName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/^[0-9a-z]{32}-/, '').replace(/\.drv$/, '');
}

/** Every derivation path in a text, in order; works for any store directory. */
export function derivationsIn(text: string): readonly string[] {
  return text.match(/\/[^\s'"]*\/[0-9a-z]{32}-[0-9a-zA-Z+\-._?=]+?\.drv(?![0-9a-zA-Z+\-._?=])/g) ?? [];
}
