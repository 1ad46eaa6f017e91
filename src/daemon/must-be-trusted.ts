import { Refused } from '../api/refused.ts';
import { isOrDescends } from '../domain/ancestry.ts';
import { shortId, type CommitId } from '../domain/commit.ts';
import type { BranchRole, RemoteOffer } from '../domain/remote.ts';
import type { Mirror } from '../git/mirror.ts';
import type { Trust } from '../git/trust.ts';

/** What a judgement of one commit stands on. */
export interface TrustParts {
  readonly mirror: Pick<Mirror, 'ancestry'>;
  readonly trust: Pick<Trust, 'judgeAlone'>;
  readonly heard: () => Readonly<Record<string, RemoteOffer>>;
  readonly stopping: AbortSignal;
}

/** A branch that has a commit. */
export interface Offering {
  readonly remote: string;
  readonly role: BranchRole;
}

/** The branch of these roles that has the commit in its history and whose signers accept it. Throws Refused without one. */
export async function mustBeTrusted(
  parts: TrustParts,
  commit: CommitId,
  roles: readonly BranchRole[],
): Promise<Offering> {
  const offerings = await offeringsOf(parts, commit, roles);
  if (offerings.length === 0) {
    throw new Refused(
      `no remote has ${shortId(commit)} on its ${roles.join(' or ')} branch or in its history; abide status shows what they offer`,
    );
  }
  const refusals: string[] = [];
  for (const offering of offerings) {
    const ruling = await parts.trust.judgeAlone(commit, offering, parts.stopping);
    if (ruling.status === 'accepted') return offering;
    refusals.push(ruling.message);
  }
  throw new Refused(`the commit must itself be trusted: ${[...new Set(refusals)].join('; ')}`);
}

async function offeringsOf(
  { mirror, heard, stopping }: TrustParts,
  commit: CommitId,
  roles: readonly BranchRole[],
): Promise<readonly Offering[]> {
  const heads = roles.flatMap((role) =>
    Object.values(heard()).flatMap((offer) => {
      const head = offer[role];
      return head ? [{ remote: offer.remote, role, id: head.commit.id }] : [];
    }),
  );
  const ancestry = await mirror.ancestry([...new Set([commit, ...heads.map(({ id }) => id)])], stopping);
  return heads
    .filter(({ id }) => isOrDescends(ancestry, id, commit))
    .map(({ remote, role }) => ({ remote, role }));
}
