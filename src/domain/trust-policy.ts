import type { CommitId } from './commit.ts';
import type { BranchRole, Signer } from './remote.ts';

/** What the configuration says about trust; the keys themselves are read at each use. */
export interface TrustPolicy {
  /** range: every commit above the base; tip: the head alone; none: signatures do not count. */
  readonly mode: TrustMode;
  /** Commit from which history is held to the policy; null: the first accepted tip. */
  readonly anchor: CommitId | null;
  /** How far in the future a date may lie, in milliseconds. */
  readonly clockSkewMs: number;
  readonly maxRange: number;
  /** Names of the signers a branch accepts; null: every configured one. */
  readonly branches: Readonly<Record<BranchRole, readonly string[] | null>>;
  readonly remotes: Readonly<Record<string, RemoteTrust>>;
}

/** How much of a history has to be signed. */
export type TrustMode = 'none' | 'tip' | 'range';

/** What is said of one remote alone: fewer signers, or that it needs none. */
export interface RemoteTrust {
  readonly mode: 'none' | null;
  readonly signers: readonly string[] | null;
}

/** A key that may sign, under the name the configuration gives it. One key may stand there more than once. */
export interface SigningKey extends Signer {
  /** Epoch milliseconds; null: always. */
  readonly validAfter: number | null;
  /** Epoch milliseconds; null: for ever. */
  readonly validBefore: number | null;
}

/** The mode that holds for one remote. */
export function modeFor(policy: TrustPolicy, remote: string): TrustMode {
  return policy.remotes[remote]?.mode ?? policy.mode;
}

/** The keys that may sign this branch of this remote: a restriction of either only ever takes some away. */
export function keysFor(
  keys: readonly SigningKey[],
  policy: TrustPolicy,
  { remote, role }: { readonly remote: string; readonly role: BranchRole },
): readonly SigningKey[] {
  const lists = [policy.branches[role], policy.remotes[remote]?.signers ?? null];
  return keys.filter(({ name }) => lists.every((list) => list === null || list.includes(name)));
}
