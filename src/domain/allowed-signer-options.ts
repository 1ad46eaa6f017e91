/** What the options of one allowed-signers line say. */
export interface SignerOptions {
  readonly isAuthority: boolean;
  /** True where no namespaces are named, or their pattern list lets "git" in. */
  readonly isForGit: boolean;
  /** Epoch milliseconds. */
  readonly validAfter: number | null;
  readonly validBefore: number | null;
}

/** Reads the options before a key, or says in a sentence why they cannot be used; timestamps without a Z are UTC. */
export function parseSignerOptions(text: string): SignerOptions | string {
  const found = split(text);
  if (typeof found === 'string') return found;
  const namespaces = found.get('namespaces');
  const validAfter = timeOf(found, 'valid-after');
  const validBefore = timeOf(found, 'valid-before');
  if (typeof validAfter === 'string') return validAfter;
  if (typeof validBefore === 'string') return validBefore;
  if (validAfter !== null && validBefore !== null && validBefore <= validAfter) {
    return 'valid-before is not later than valid-after, so the key never counts';
  }
  const isForGit = namespaces === undefined || matchesList('git', namespaces);
  return { isAuthority: found.has('cert-authority'), isForGit, validAfter, validBefore };
}

const withValue = new Set(['namespaces', 'valid-after', 'valid-before']);
const allowed =
  'allowed are namespaces="...", valid-after="..." and valid-before="...", with commas and no spaces between';

/** The options by lower-case name, each with the text between its quotes. */
function split(text: string): ReadonlyMap<string, string> | string {
  const found = new Map<string, string>();
  // ssh-keygen has its own way with backslashes; no namespace or time needs one.
  const option = /([A-Za-z-]+)(?:="([^"\\]*)")?(?:,(?=.)|$)/y;
  while (option.lastIndex < text.length) {
    const match = option.exec(text);
    if (match === null) return `the options cannot be read; ${allowed}`;
    const [, written = '', value] = match;
    const name = written.toLowerCase();
    if (value === undefined ? name !== 'cert-authority' : !withValue.has(name)) {
      return `there is an unknown option, or one without its value in quotes; ${allowed}`;
    }
    if (found.has(name)) return `${name} is given twice`;
    found.set(name, value ?? '');
  }
  return found;
}

/** Null when the option is not there, a sentence when it names no time. */
function timeOf(found: ReadonlyMap<string, string>, name: string): number | string | null {
  const text = found.get(name);
  if (text === undefined) return null;
  return (
    timestamp(text) ??
    `${name} is not a time; allowed are YYYYMMDD, YYYYMMDDHHMM and YYYYMMDDHHMMSS, each with or without a Z`
  );
}

function timestamp(text: string): number | null {
  const [whole, ...parts] = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/i.exec(text) ?? [];
  if (whole === undefined) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part || 0),
  );
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A day like February 30th would silently become another one.
  const written = [year, month, day, hour, minute, second].join(' ');
  const meant = [
    time.getUTCFullYear(),
    time.getUTCMonth() + 1,
    time.getUTCDate(),
    time.getUTCHours(),
    time.getUTCMinutes(),
    time.getUTCSeconds(),
  ].join(' ');
  return written === meant && time.getTime() > 0 ? time.getTime() : null;
}

/** As ssh reads a pattern list: one pattern after ! that matches is enough to refuse. */
function matchesList(name: string, list: string): boolean {
  const patterns = list.split(',');
  const refused = patterns.some((pattern) => pattern.startsWith('!') && matches(name, pattern.slice(1)));
  return !refused && patterns.some((pattern) => !pattern.startsWith('!') && matches(name, pattern));
}

function matches(name: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 's').test(name);
}
