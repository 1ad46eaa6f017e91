import { descends, isOrDescends, type Ancestry } from '../domain/ancestry.ts';
import { shortId, type CommitId } from '../domain/commit.ts';
import type { BranchRole } from '../domain/remote.ts';
import type { FindTwin, KnownFloor } from './floor-twin.ts';
import { refusedHead, settledHead, type JudgedHead } from './judged-head.ts';

/** What the host holds already, which every head is compared with. */
export interface TrustBase {
  readonly floor: KnownFloor | null;
  /** The first accepted tip of a host that has no floor yet. */
  readonly firstAccepted: CommitId | null;
  /** Main commits that are accepted: below them a testing branch has nothing to prove. */
  readonly mains: readonly CommitId[];
}

/** Where the judging of a head begins. */
export interface Start {
  /** Commits whose history is trusted already. */
  readonly bases: readonly CommitId[];
  /** False when the head has nothing to do with the floor: selection then says what it is, and it offers nothing. */
  readonly onLine: boolean;
}

/** How the mirror is asked about descent. */
export interface DescentDeps {
  readonly ancestry: (commits: readonly CommitId[], signal: AbortSignal) => Promise<Ancestry>;
  readonly twin: FindTwin;
}

/** Compares a head with floor, anchor and first accepted tip, in this order; some are judged by that alone. */
export async function findStart(
  { ancestry: read, twin }: DescentDeps,
  given: {
    readonly head: CommitId;
    readonly role: BranchRole;
    readonly anchor: CommitId | null;
    readonly base: TrustBase;
  },
  signal: AbortSignal,
): Promise<Start | JudgedHead> {
  const { head, role, anchor, base } = given;
  const { floor, firstAccepted, mains } = base;
  const others = [floor?.commit, anchor, firstAccepted, ...mains].filter((id) => typeof id === 'string');
  const ancestry = await read([head, ...others], signal);
  const isAbove = (id: CommitId | null): id is CommitId => id !== null && descends(ancestry, head, id);
  const extra = [anchor, ...(role === 'testing' ? mains : [])].filter(isAbove);
  if (floor !== null) {
    if (isOrDescends(ancestry, floor.commit, head)) return settledHead(head);
    if (isAbove(floor.commit)) return { bases: [floor.commit, ...extra], onLine: true };
    const same = await twin(floor, head, signal);
    if (same === head) return settledHead(head);
    return same === null ? { bases: [], onLine: false } : { bases: [same, ...extra], onLine: true };
  }
  if (anchor !== null) {
    if (head === anchor) return settledHead(head);
    return isAbove(anchor) ? { bases: extra, onLine: true } : offAnchor(head, anchor, ancestry);
  }
  return { bases: [...(isAbove(firstAccepted) ? [firstAccepted] : []), ...extra], onLine: true };
}

function offAnchor(head: CommitId, anchor: CommitId, ancestry: Ancestry): JudgedHead {
  const isOld = descends(ancestry, anchor, head);
  const message = isOld
    ? `${shortId(head)} is older than trust.anchor ${shortId(anchor)}; push the anchor or something on top of it`
    : `${shortId(head)} does not descend from trust.anchor ${shortId(anchor)}; push a history that does, or set another anchor`;
  return refusedHead({ commit: head, status: 'rejected', reason: isOld ? 'replayed' : 'rewritten', message });
}
