/** A store path for people: its name, and the first digits of its hash to tell twins apart. */
export function systemName(toplevel: string): string {
  const base = toplevel.slice(toplevel.lastIndexOf('/') + 1);
  const [, hash = '', name = ''] = /^([0-9a-z]{32})-(.+)$/.exec(base) ?? [];
  return name === '' ? base : `${name} (${hash.slice(0, 8)})`;
}
