import { plainText } from '../domain/plain-text.ts';
import type { KeyPath } from './key-path.ts';
import { showUrl } from './remote-url.ts';

const hidden = '(a value that is not shown)';

/** A value as an error may show it: short, on one line, and never something that could be a secret. */
export function showValue(value: unknown, path: KeyPath): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a map';
  if (typeof value !== 'string') return String(value);
  return mayBeSecret(value, path) ? hidden : `"${plainText(showUrl(value), 120)}"`;
}

function mayBeSecret(value: string, path: KeyPath): boolean {
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  // People paste a token where the name of its file belongs.
  if (key.endsWith('File') || path.includes('auth')) return !value.startsWith('/');
  if (key === 'sshKey') return !/^(?:ssh|ecdsa|sk)-[^\r\n]*$/.test(value);
  if (path[0] === 'notify' || path.includes('options')) return true;
  return /PRIVATE KEY|[\r\n]/.test(value);
}
