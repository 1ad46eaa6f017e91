import { isControlFree } from './text-rule.ts';

/** How a remote is reached: decides which credentials make sense and whether it can be watched. */
export type Transport = 'https' | 'http' | 'ssh' | 'local';

/** The kinds of URL a remote may have, as error messages say it. */
export const allowedUrls =
  'https://host/path, ssh://user@host/path, user@host:path, file:///path or /path, without a password or token in it (http:// only with insecure: true)';

const scpForm =
  /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9._~/][A-Za-z0-9._~/+-]*$/;
const sshUser = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const protocols: Readonly<Record<string, Transport>> = {
  'https:': 'https',
  'http:': 'http',
  'ssh:': 'ssh',
  'file:': 'local',
};

/** The transport of a URL git may be given; null for every other text, so no remote helper is ever named. */
export function transportOf(url: string): Transport | null {
  if (url.length > 2048 || !isControlFree(url) || /\s/.test(url) || /^[A-Za-z0-9+.-]*::/.test(url))
    return null;
  if (url.startsWith('/')) return 'local';
  if (url.includes('://')) return transportOfUrl(url);
  return scpForm.test(url) ? 'ssh' : null;
}

/** The path of a local remote on this machine; null when the remote is somewhere else. */
export function localPathOf(url: string): string | null {
  if (transportOf(url) !== 'local') return null;
  return url.startsWith('/') ? url : decodeURIComponent(new URL(url).pathname);
}

/** Where a remote on the network listens; null for a remote on this machine. */
export function endpointOf(url: string): { readonly host: string; readonly port: number } | null {
  const transport = transportOf(url);
  if (transport === null || transport === 'local') return null;
  if (!url.includes('://'))
    return { host: url.slice(url.indexOf('@') + 1, url.indexOf(':')), port: ports.ssh };
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? ports[transport] : Number(port) };
}

const ports = { https: 443, http: 80, ssh: 22 } as const;

/** The URL as it may be shown: user, password and query of something that is not allowed are never shown. */
export function showUrl(url: string): string {
  if (transportOf(url) !== null) return url;
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, '$1***@').replace(/[?#].*$/, '?***');
}

function transportOfUrl(text: string): Transport | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const transport = url && protocols[url.protocol];
  if (!url || !transport || url.search !== '' || url.hash !== '' || /[?#\\]/.test(text)) return null;
  return isFreeOfSecrets(url) && hasSaneTarget(url, transport) ? transport : null;
}

function isFreeOfSecrets(url: URL): boolean {
  if (url.password !== '') return false;
  return url.username === '' || (url.protocol === 'ssh:' && sshUser.test(url.username));
}

function hasSaneTarget(url: URL, transport: Transport): boolean {
  if (!canDecode(url.pathname)) return false;
  if (transport === 'local') return url.host === '' || url.host === 'localhost';
  // An option-like host or path would be read as a flag by ssh or by the program on the other side.
  return url.hostname !== '' && !url.hostname.startsWith('-') && !url.pathname.startsWith('/-');
}

function canDecode(path: string): boolean {
  try {
    return isControlFree(decodeURIComponent(path));
  } catch {
    return false;
  }
}
