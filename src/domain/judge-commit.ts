import type { CheckedCommit } from './checked-commit.ts';
import { shortId } from './commit.ts';
import type { RejectionReason, Signer } from './remote.ts';
import type { SigningKey } from './trust-policy.ts';

/** What one commit is held to. */
export interface CommitRule {
  /** Every key that is configured, for telling a stranger from somebody who may not sign here. */
  readonly known: readonly SigningKey[];
  /** Those of them that may sign here. */
  readonly allowed: readonly SigningKey[];
  readonly clockSkewMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The policy's word on one commit; the message says what would make it acceptable. */
export type Ruling =
  | {
      readonly status: 'accepted';
      /** null only where no signature is asked for. */
      readonly signer: Signer | null;
    }
  | {
      readonly status: 'pending' | 'rejected';
      readonly reason: RejectionReason;
      readonly message: string;
    };

/**
 * Rules on one commit. Validity of keys counts now and never at the date that the commit's author wrote; there is no
 * lower bound on dates, because ordinary merges carry older commits; a date in the future has to come first.
 */
export function judgeCommit(commit: CheckedCommit, rule: CommitRule): Ruling {
  const { signature, committedAt } = commit;
  if (!signature.good) return rejected(signature.reason, `${shortId(commit.id)} ${signature.message}`);
  const future = [committedAt, signature.signedAt ?? 0].filter((date) => date > rule.now + rule.clockSkewMs);
  if (future.length > 0) return tooEarly(commit, 'is dated', Math.max(...future));
  return judgeKey(commit, { kind: signature.kind, key: signature.key }, rule);
}

function judgeKey(commit: CheckedCommit, by: Pick<Signer, 'kind' | 'key'>, rule: CommitRule): Ruling {
  const made = `${shortId(commit.id)} is signed with ${by.kind} key ${by.key}`;
  const isBy = (key: SigningKey) => key.kind === by.kind && key.key === by.key;
  const known = rule.known.filter(isBy);
  if (known.length === 0) {
    return rejected('unknown_key', `${made}, which is no signer's; add it to trust.signers if it should be`);
  }
  const allowed = rule.allowed.filter(isBy);
  if (allowed.length === 0) {
    const names = [...new Set(known.map(({ name }) => name))].join(', ');
    return rejected('signer_not_allowed', `${made} of ${names}, who may not sign this branch of this remote`);
  }
  const [first] = allowed;
  const valid = allowed.find((key) => !isOver(key, rule.now) && !isYetToCome(key, rule.now));
  if (valid) return { status: 'accepted', signer: { kind: valid.kind, key: valid.key, name: valid.name } };
  const coming = allowed.find((key) => !isOver(key, rule.now));
  if (coming)
    return tooEarly(
      commit,
      `is signed with a key of ${coming.name} that is valid only from`,
      coming.validAfter ?? 0,
    );
  return rejected(
    'expired_key',
    `${made} of ${first?.name ?? 'a signer'}, valid until ${day(first?.validBefore ?? 0)}; sign with a key that is valid`,
  );
}

function isOver({ validBefore }: SigningKey, now: number): boolean {
  return validBefore !== null && now >= validBefore;
}

function isYetToCome({ validAfter }: SigningKey, now: number): boolean {
  return validAfter !== null && now < validAfter;
}

function rejected(reason: RejectionReason, message: string): Ruling {
  return { status: 'rejected', reason, message };
}

function tooEarly({ id }: CheckedCommit, what: string, from: number): Ruling {
  const message = `${shortId(id)} ${what} ${day(from)}, which is in the future; it waits until then`;
  return { status: 'pending', reason: 'date_out_of_range', message };
}

function day(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'a day no calendar has' : date.toISOString().replace('.000Z', 'Z');
}
