import { parseSignerOptions } from './allowed-signer-options.ts';
import { plainText } from './plain-text.ts';
import { parseSshPublicKey, sshKeyText } from './ssh-key.ts';
import type { SshPublicKey } from './ssh-key.ts';

/** One key that an allowed-signers file trusts for git. */
export interface AllowedSigner {
  /** Counted from 1. */
  readonly line: number;
  /** The principals as written, without quotes; what git calls the signer. */
  readonly name: string;
  /** Each principal, none twice; patterns such as *@example.org stay as they are. */
  readonly names: readonly string[];
  readonly key: SshPublicKey;
  /** Epoch milliseconds; the key counts from then on. */
  readonly validAfter: number | null;
  /** Epoch milliseconds; the key counts up to then. */
  readonly validBefore: number | null;
}

/** Something to say about one line of a file, counted from 1; never quotes the line. */
export interface LineNote {
  readonly line: number;
  readonly message: string;
}

/** What an allowed-signers file says. */
export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** Lines that cannot be used; a file that has any is refused as a whole. */
  readonly issues: readonly LineNote[];
  /** Lines that are right and not for git. */
  readonly skipped: readonly LineNote[];
}

/**
 * Reads the allowed-signers format of ssh-keygen(1). Timestamps without a Z are UTC, because abide runs git in UTC.
 * Stricter than ssh-keygen, which ignores what it cannot read: every such line is an issue, and so are certificate
 * authorities, whose windows would be judged by the date that the author of a commit wrote.
 */
export function parseAllowedSigners(text: string): AllowedSigners {
  const lines = text.split('\n').map((line, index) => readLine(line.replace(/\r$/, ''), index + 1));
  const read = refuseSeconds(lines);
  return {
    signers: read.flatMap((one) => (one !== null && 'key' in one ? [one] : [])),
    issues: read.flatMap((one) => (one !== null && 'issue' in one ? [note(one.line, one.issue)] : [])),
    skipped: read.flatMap((one) => (one !== null && 'skipped' in one ? [note(one.line, one.skipped)] : [])),
  };
}

type Read =
  | AllowedSigner
  | { readonly line: number; readonly issue: string }
  | { readonly line: number; readonly skipped: string };

// Two windows or two names for one key: which of them counts must not be a matter of order.
function refuseSeconds(read: readonly (Read | null)[]): readonly (Read | null)[] {
  const lines = new Map<string, number>();
  return read.map((one) => {
    if (one === null || !('key' in one)) return one;
    const text = sshKeyText(one.key);
    const first = lines.get(text);
    lines.set(text, first ?? one.line);
    if (first === undefined) return one;
    const issue = `the key of line ${first} once more; one line can name several principals, with commas between`;
    return { line: one.line, issue };
  });
}

const note = (line: number, message: string): LineNote => ({ line, message });

function readLine(text: string, line: number): Read | null {
  const content = text.replace(/^[ \t]+/, '');
  if (content === '' || content.startsWith('#')) return null;
  // A quote inside a word is read in more than one way by ssh-keygen itself.
  const [whole, quoted, bare] = /^(?:"([^"]*)"|([^ \t"]+))[ \t]+(?=[^ \t])/.exec(content) ?? [];
  const name = quoted ?? bare;
  if (whole === undefined || name === undefined) {
    return {
      line,
      issue: 'principals, options and a public key are needed, like alice@example.org ssh-ed25519 AAAA...',
    };
  }
  const names = [...new Set(name.split(',').filter((one) => one !== ''))];
  const fault = checkNames(names);
  if (fault !== null) return { line, issue: fault };
  return readEntry(content.slice(whole.length), { line, name, names });
}

function checkNames(names: readonly string[]): string | null {
  if (names.length === 0) return 'there is no principal in it; name whom the key belongs to';
  if (names.some((name) => name !== plainText(name)))
    return 'a principal has control characters or stray spaces in it';
  return names.some((name) => name.startsWith('!'))
    ? 'a principal after ! excludes nobody here, because the key decides and not the name; leave it out'
    : null;
}

function readEntry(text: string, who: Pick<AllowedSigner, 'line' | 'name' | 'names'>): Read {
  const { line } = who;
  // Options come before the key; a line without any begins with the type of its key.
  const split = startsWithKey.test(text) ? { options: '', rest: text } : splitOptions(text);
  if (split === null)
    return { line, issue: 'the options before the key are not closed, or no key follows them' };
  const options = parseSignerOptions(split.options);
  if (typeof options === 'string') return { line, issue: options };
  if (!options.isForGit)
    return { line, skipped: 'its namespaces leave out git, so its key signs no commits' };
  if (options.isAuthority) {
    return { line, issue: 'cert-authority is not supported; list the keys of the people themselves' };
  }
  const key = parseSshPublicKey(split.rest);
  if (typeof key === 'string') return { line, issue: key };
  const { validAfter, validBefore } = options;
  return { ...who, key, validAfter, validBefore };
}

const startsWithKey = /^(?:ssh|ecdsa|sk|rsa)-\S*[ \t]/;

/** Cuts at the first blank outside of quotes, as ssh does. */
function splitOptions(text: string): { readonly options: string; readonly rest: string } | null {
  const [, options, rest] = /^((?:"[^"]*"|[^ \t"])+)[ \t]+(.*)$/.exec(text) ?? [];
  return options === undefined || rest === undefined ? null : { options, rest };
}
