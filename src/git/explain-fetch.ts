import { Problem, type ProblemCode } from '../domain/problem.ts';
import { plainText } from '../domain/plain-text.ts';
import type { Finished } from '../process.ts';
import { errorLine } from './git.ts';
import type { RemoteSource } from './remote-source.ts';

/** Why a fetch failed, as a Problem whose message starts with git's own first error line. */
export function explainFetch(remote: RemoteSource, finished: Finished, reachedLimit: boolean): Problem {
  const line = errorLine(finished);
  const log = finished.stderr
    .split(/[\r\n]+/)
    .map((text) => plainText(text, 500))
    .filter((text) => text !== '')
    .slice(-20);
  if (finished.timedOut) {
    const limit = `${Math.round(remote.timeoutMs / 1000)} s`;
    return new Problem(
      'remote_timeout',
      `${line}; remote ${remote.name} did not answer in full within ${limit}`,
      { log },
    );
  }
  const [code, advice] = reachedLimit ? tooLarge : classify(remote, finished.stderr);
  return new Problem(code, advice === undefined ? line : `${line}; ${advice}`, { log });
}

/** True when git left out a branch because the remote has only part of its history; git exits 0 then. */
export function refusedAsShallow(stderr: string): boolean {
  return /^warning: rejected .* because shallow roots are not allowed to be updated/m.test(stderr);
}

type Explanation = readonly [code: ProblemCode, advice?: string | undefined];
type Kind = readonly [pattern: RegExp, code: ProblemCode, advice?: string];

/** What the remote says of itself is believed about the remote only, never about this machine. */
function classify({ url }: RemoteSource, stderr: string): Explanation {
  const all = stderr.replaceAll(url, '');
  const own = all.replace(/^remote:.*$|(?<=remote error:).*$/gm, '');
  const found = find(here, own) ?? find(there, own) ?? find(there, all);
  if (found) return found;
  return /Could not read from remote repository/.test(own) ? ['remote_connect'] : ['remote_other'];
}

function find(kinds: readonly Kind[], text: string): Explanation | null {
  const found = kinds.find(([pattern]) => pattern.test(text));
  return found ? [found[1], found[2]] : null;
}

const tooLarge = [
  'remote_too_large',
  'the remote sent more than the limit of one fetch; nothing of it was kept',
] as const;

const here: readonly Kind[] = [
  [
    /No space left on device|Disk quota exceeded/,
    'no_space',
    'make room on the file system of the state directory',
  ],
  [
    /died of signal 25|File too large|SIGXFSZ|out of memory|Out of memory|exceeds maximum|cannot allocate memory/i,
    ...tooLarge,
  ],
  [/setpriv: .*(?:not found|No such file)/, 'tool_missing', 'install util-linux'],
  [/cannot run ssh: No such file|ssh: not found/, 'tool_missing', 'install the OpenSSH client'],
  [
    /not a git repository: '|unable to (?:create|write|open).*(?:objects|refs)|cannot lock ref/i,
    'mirror_broken',
  ],
];

// What is more special comes before what is more general.
const there: readonly Kind[] = [
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/,
    'remote_host_key',
    'put its host key into the known hosts file of this remote',
  ],
  [
    /Could not resolve (?:host|proxy)|Could not resolve hostname|Name or service not known|Temporary failure in name resolution/i,
    'remote_dns',
  ],
  [/SSL|TLS|certificate/, 'remote_tls'],
  [/error: 429\b|Too Many Requests|rate limit/i, 'remote_rate_limited'],
  [
    /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|error: 40[13]\b|Permission denied|Too many authentication failures|Access denied|not authorized/i,
    'remote_auth',
    'check the credentials of this remote and what they may read',
  ],
  [/detected dubious ownership|Permission denied/, 'remote_auth', 'the repository belongs to somebody else'],
  [
    /unable to update url base from redirection|error: 30[12378]\b/,
    'remote_other',
    'redirects are not followed; configure the URL it leads to',
  ],
  [
    /error: 404\b|repository '.*' not found|Repository not found|project you were looking for could not be found|does not appear to be a git repository|not found: did you run git update-server-info/i,
    'remote_not_found',
  ],
  [/transfer closed|Operation too slow|timed out|Timeout/i, 'remote_timeout'],
  [
    /Failed to connect|Connection refused|Connection reset|Network is unreachable|No route to host|Connection closed|Empty reply|error: 5\d\d\b/i,
    'remote_connect',
  ],
  [
    /fsck error|object of unexpected type|bad object|hasDotgit|gitmodules|is malformed|fatal: fsck|invalid (?:tree|commit|index-pack output)|did not receive expected object|upload-pack: not our ref|inflate|unresolved deltas|missing (?:tree|blob|commit|necessary objects)|pack (?:has|is corrupted)|early EOF/i,
    'remote_malformed',
  ],
  [
    /protocol|bad line length|bad pack header|mismatched algorithms|hung up unexpectedly|invalid server response|not valid: is this a git repository|expected (?:flush|service|ref)|unexpected|unknown object format|remote-curl/i,
    'remote_protocol',
  ],
];
