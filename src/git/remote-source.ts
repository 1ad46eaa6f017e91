import { fileURLToPath } from 'node:url';
import type { BranchRule } from '../domain/remote.ts';
import { Problem } from '../domain/problem.ts';

/** One configured remote as the mirror needs it; its URL carries no credentials. */
export interface RemoteSource {
  /** `^[a-z0-9][a-z0-9-]*$`, so that it can be part of a ref and of a file name. */
  readonly name: string;
  readonly url: string;
  /** True allows http. */
  readonly insecure: boolean;
  /** Limit of one whole fetch, in milliseconds. */
  readonly timeoutMs: number;
  readonly main: BranchRule | null;
  readonly testing: BranchRule | null;
  readonly auth: RemoteAuth;
}

/** Where a remote's credentials are; files are read at each use and nothing of them is kept. */
export interface RemoteAuth {
  readonly username: string;
  readonly tokenFile: string | null;
  readonly sshKeyFile: string | null;
  /** null: /etc/ssh/ssh_known_hosts. */
  readonly knownHostsFile: string | null;
}

/** What the mirror tells the journal log; a pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A transport of git, in the words of GIT_ALLOW_PROTOCOL. */
export type Transport = 'https' | 'http' | 'ssh' | 'file';

/** The only transport a remote's URL may use; anything but https, ssh, file and allowed http is `remote_other`, never retried. */
export function transportOf({ name, url, insecure }: RemoteSource): Transport {
  if (localPath(url) !== null) return 'file';
  if (url.startsWith('https://')) return 'https';
  if (url.startsWith('ssh://') || isScpForm(url)) return 'ssh';
  if (url.startsWith('http://') && insecure) return 'http';
  throw new Problem(
    'remote_other',
    `remote ${name}: its URL is neither https, ssh, file nor an absolute path`,
    {
      retry: 'never',
    },
  );
}

/** The directory a URL on this machine means, or null for a URL that leaves it. */
export function localPath(url: string): string | null {
  if (url.startsWith('/')) return url;
  if (!url.startsWith('file://')) return null;
  try {
    return fileURLToPath(url);
  } catch {
    return null;
  }
}

function isScpForm(url: string): boolean {
  return (
    /^[A-Za-z0-9._][A-Za-z0-9._-]*@[A-Za-z0-9[][A-Za-z0-9.:[\]-]*:[^:]/.test(url) && !url.includes('://')
  );
}
