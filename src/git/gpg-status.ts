import type { Signature } from '../domain/checked-commit.ts';
import type { RejectionReason } from '../domain/remote.ts';
import { sooner, type GpgKeys } from './gpg-keys.ts';

/**
 * The status lines of gpg (doc/DETAILS) for one commit as a finding. Only lines that begin with `[GNUPG:] ` count, and
 * git's exit code only together with them: from git 2.54 on it is 0 for a signature by an expired key.
 */
export function readGpgStatus(lines: readonly string[], exitedWell: boolean, keys: GpgKeys): Signature {
  const statuses = lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).split(' '));
  const count = (word: string) => statuses.filter(([first]) => first === word).length;
  if (statuses.length === 0)
    return bad('verifier_failed', 'could not be verified: gpg said nothing; is it installed?');
  if (count('NEWSIG') > 1) return bad('malformed', 'has more than one signature');
  const fault = statuses.map((status) => faultOf(status, keys)).find((found) => found !== null);
  if (fault) return fault;
  const valid = statuses.find(([first]) => first === 'VALIDSIG');
  if (!valid || count('VALIDSIG') !== 1 || count('GOODSIG') !== 1 || count('NEWSIG') !== 1) {
    return bad('verifier_failed', 'could not be verified: gpg did not come to an end');
  }
  const found = fromValid(valid, keys);
  const refused = bad('verifier_failed', 'could not be verified: git refused what gpg accepted');
  return found.good && !exitedWell ? refused : found;
}

/** The status lines of several commits, apart; null when they are not just so many. */
export function splitGpgStatus(lines: readonly string[], commits: number): string[][] | null {
  const groups: string[][] = [];
  for (const line of lines) {
    if (line === `${prefix}NEWSIG` || line.startsWith(`${prefix}NEWSIG `)) groups.push([]);
    groups.at(-1)?.push(line);
  }
  return groups.length === commits ? groups : null;
}

const prefix = '[GNUPG:] ';

/** SHA-2 and SHA-3 by their numbers in OpenPGP (RFC 9580, 9.5). */
const strongDigests: ReadonlySet<string> = new Set(['8', '9', '10', '11', '12', '14']);
const weakDigests: ReadonlySet<string> = new Set(['1', '2', '3']);

// KEYEXPIRED is not among them: gpg also says it of a subkey that has nothing to do with the signature.
function faultOf([word = '', key = '', ...rest]: readonly string[], keys: GpgKeys): Signature | null {
  const reason = faults[word];
  if (reason) return bad(...reason(key));
  if (word !== 'ERRSIG') return null;
  const [, digest = '', , signed, code, fingerprint = '-'] = rest;
  if (code === '9') return bad(...unknownKey(fingerprint === '-' ? key : fingerprint));
  // Gpg says so of a signature that is older than its key, and of a key that is not made yet by this machine's clock.
  if (code === '6' && Number(signed) * 1000 >= (keys.get(fingerprint)?.made ?? Infinity)) {
    return bad(
      'verifier_failed',
      `cannot be verified: by this machine's clock gpg key ${key} is not made yet`,
    );
  }
  return weakDigests.has(digest)
    ? bad(...weak)
    : bad('bad_signature', 'has a signature that gpg cannot check');
}

type Fault = readonly [reason: RejectionReason, message: string];

const weak: Fault = [
  'weak_digest',
  'is signed with a digest that can be forged (SHA-1, MD5 or RIPEMD-160); sign it with SHA-256 or stronger',
];

const unknownKey = (key: string): Fault => [
  'unknown_key',
  `is signed with gpg key ${key}, which is no signer's; add it to trust.signers if it should be`,
];

const faults: Readonly<Record<string, (key: string) => Fault>> = {
  BADSIG: (key) => ['bad_signature', `has a signature of gpg key ${key} that does not fit its content`],
  REVKEYSIG: (key) => ['revoked_key', `is signed with gpg key ${key}, which was revoked`],
  EXPKEYSIG: (key) => [
    'expired_key',
    `is signed with gpg key ${key}, which has expired; sign with a key that is valid`,
  ],
  EXPSIG: (key) => ['expired_key', `has a signature of gpg key ${key} that has expired; sign it anew`],
  NO_PUBKEY: unknownKey,
  NODATA: () => ['malformed', 'has a signature that gpg cannot read'],
  UNEXPECTED: () => ['malformed', 'has a signature with something unexpected in it'],
};

function fromValid(valid: readonly string[], keys: GpgKeys): Signature {
  const [, fingerprint = '', , signed = '', expires = '', , , , digest = '', , primary = fingerprint] = valid;
  if (!strongDigests.has(digest)) return bad(...weak);
  const ofKey = keys.get(fingerprint)?.until ?? null;
  const ofSignature = Number(expires) > 0 ? Number(expires) * 1000 : null;
  return {
    good: true,
    kind: 'gpg',
    key: primary,
    signedAt: Number(signed) * 1000,
    until: sooner(ofKey, ofSignature),
  };
}

function bad(reason: RejectionReason, message: string): Signature {
  return { good: false, reason, message };
}
