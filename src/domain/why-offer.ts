import { descends, isOrDescends } from './ancestry.ts';
import { shortId, type CommitId } from './commit.ts';
import type { Judgement } from './judgement.ts';
import type { RefusedCommit, RejectionReason } from './remote.ts';
import type { WhyQuestion, WhyReason } from './why-answer.ts';

const shownRefusals = 10;

/** What keeps a head from being chosen as this one branch offers it. */
export function offerReasons(
  question: WhyQuestion,
  judgement: Judgement,
  commit: CommitId,
): readonly WhyReason[] {
  if (judgement.verdict?.status !== 'accepted') return verdictReasons(judgement);
  if (judgement.candidate !== null) return notChosen(question, judgement, commit);
  return judgement.role === 'main' ? noMain(question, judgement) : noTesting(question, judgement);
}

/** What keeps a commit from running that is no head: it only ever runs as part of what is built on it. */
export function historyReasons(question: WhyQuestion, commit: CommitId): readonly WhyReason[] {
  const { view, ancestry } = question;
  const above = view.judgements.filter(({ head }) => head && descends(ancestry, head.commit.id, commit));
  if (above.length === 0) {
    const message = 'no branch that this host follows has it, neither as its head nor in its history';
    const next = 'push it, or a commit on top of it, to one of these branches (abide status lists them)';
    return [{ decision: 'unknown', message, next }];
  }
  return above.flatMap((judgement) => historyReason(question, judgement, commit));
}

function historyReason(
  { ancestry }: WhyQuestion,
  judgement: Judgement,
  commit: CommitId,
): readonly WhyReason[] {
  const { remote, ref, head, candidate } = judgement;
  const refused = refusedIn(judgement).filter((one) => one.commit === commit);
  if (refused.length > 0) return verdictReasons(judgement, refused);
  const within = `it is in the history of ${short(head?.commit.id)} on ${ref} of ${remote}`;
  if (candidate !== null && isOrDescends(ancestry, candidate, commit)) {
    const message = `${within}, and only the newest commit that can be trusted is deployed: ${shortId(candidate)}, which contains it`;
    return [{ decision: 'history', message, next: null }];
  }
  const message = `${within}, and nothing that contains it can be deployed`;
  return [{ decision: 'history', message, next: null }, ...verdictReasons(judgement)];
}

/** Commits that verification refused; selection may have had another reason, and then they are beside the point. */
function refusedIn({ head, verdict }: Judgement): readonly RefusedCommit[] {
  return head && verdict === head.verdict ? head.refused : [];
}

function verdictReasons(judgement: Judgement, refused = refusedIn(judgement)): readonly WhyReason[] {
  const { remote, ref, head, verdict, candidate } = judgement;
  if (!head || !verdict) return [];
  const id = head.commit.id;
  const instead =
    candidate !== null && candidate !== id ? `; ${shortId(candidate)} below it is offered meanwhile` : '';
  if (verdict.status === 'pending') {
    const message = `${ref} of ${remote} is not accepted yet: ${verdict.message ?? verdict.reason ?? 'no reason given'}${instead}`;
    return [{ decision: 'verdict', message, next: remedies.date_out_of_range(id) }];
  }
  if (verdict.status === 'accepted') return [];
  const blamed = refused.length > 0 ? refused : [{ commit: id, ...verdict }];
  const shown = blamed.slice(0, shownRefusals).map(({ commit, reason, message }) => {
    const below = commit === id ? '' : `${shortId(commit)} below `;
    const why = `${reason ?? 'no reason given'}${message === null ? '' : `: ${message}`}`;
    const next = reason === null ? null : remedies[reason](id);
    return {
      decision: 'verdict' as const,
      message: `${below}${ref} of ${remote} is refused (${why})${instead}`,
      next,
    };
  });
  const more = blamed.length - shown.length;
  if (more <= 0) return shown;
  return [
    ...shown,
    { decision: 'verdict', message: `and ${more} more commits below it are refused`, next: null },
  ];
}

/** What would make a refused commit acceptable. */
const remedies: Readonly<Record<RejectionReason, (head: CommitId) => string>> = {
  unsigned: () =>
    'sign it and push again: git commit --amend --no-edit -S, or git rebase -S for more than one',
  bad_signature: () =>
    'it was changed after it was signed, or signed for something else; commit it anew, sign it and push',
  unknown_key: () =>
    'have it signed by one of trust.signers, or add the key there if its owner may decide what runs here',
  signer_not_allowed: () =>
    'have it signed by somebody who may sign this branch, or add the signer in trust.branches or in the trust of this remote',
  expired_key: () =>
    'sign it again with a key that is valid now, or configure the key with its new end of validity',
  revoked_key: () =>
    'find out who made it: this key is revoked; sign what is meant with another key and push again',
  weak_digest: () => 'sign it again with SHA-256 or better (gpg: personal-digest-preferences SHA512)',
  date_out_of_range: () =>
    'nothing, if its date comes soon; else set the clock of the machine that made it, or the one of this host',
  malformed: () => 'make the commit anew with git itself, sign it once and push',
  range_too_long: () => 'set trust.anchor to a newer commit that you have checked, or raise trust.maxRange',
  rewritten: (head) =>
    `if the rewrite is meant: abide accept ${shortId(head)} --reason TEXT; if not, find out who did it and put the branch back`,
  replayed: () =>
    'push a new commit in place of the old one; for testing branches there is trust.branches.testing.allowReplay',
  quorum: () => 'push it to more of the remotes, or lower trust.quorum',
  verifier_failed: () =>
    'see to git, gpg, ssh-keygen and the key files on this host; it is tried again with every poll',
};

/** What was chosen in place of a commit that this branch offers, as its head or as a stand-in for it. */
export function notChosen(
  { view, ancestry }: WhyQuestion,
  { role, remote, ref }: Judgement,
  commit: CommitId,
): readonly WhyReason[] {
  const { desired } = view;
  if (!desired || desired.commit === commit) return [];
  const other = `${shortId(desired.commit)} on ${desired.branch} of ${desired.remote ?? 'this host itself'}`;
  const where = `${ref} of ${remote}`;
  if (descends(ancestry, desired.commit, commit)) {
    const tested = role === 'main' && desired.role === 'testing';
    const message = tested
      ? `${other} is tested here on top of it`
      : `${other} is further ahead and contains it`;
    const next = tested ? 'merge the testing branch into main, or delete it, to end the test' : null;
    return [{ decision: 'selection', message, next }];
  }
  const message = `${other} is desired; ${where} has nothing to do with it, and of two such branches the remote listed first wins`;
  return [
    { decision: 'selection', message, next: 'merge the two branches, or change the order of the remotes' },
  ];
}

function noMain({ view }: WhyQuestion, { relation, remote, ref, head }: Judgement): readonly WhyReason[] {
  const floor = view.facts.floor?.commit;
  const id = short(head?.commit.id);
  const where = `${ref} of ${remote}`;
  if (relation === 'behind') {
    const message = `${where} lags behind the floor ${short(floor)}, and abide never goes back below it by itself`;
    return [{ decision: 'floor', message, next: `bring ${remote} up to date` }];
  }
  const message = `${where} does not continue the floor ${short(floor)}, the newest main commit that was deployed here`;
  const next = `rebase it on ${short(floor)} and push again, or go on from it: abide accept ${id} --reason TEXT`;
  return [{ decision: 'floor', message, next }];
}

/** Without a candidate although it is above main: quarantined or spent, which the host itself says. */
function noTesting({ view }: WhyQuestion, { relation, remote, ref }: Judgement): readonly WhyReason[] {
  const where = `${ref} of ${remote}`;
  if (!view.desired) {
    const message = `${where} can only be tested on top of a main commit, and none can be deployed`;
    return [{ decision: 'main', message, next: 'see to the main branches first: abide why' }];
  }
  if (relation === 'ahead') return [];
  const message =
    relation === 'diverged'
      ? `${where} does not build on desired main, and only what builds on it is tested`
      : `main has all of ${where} already, so that there is nothing to test`;
  const next = relation === 'diverged' ? 'rebase it on main and push again' : null;
  return [{ decision: 'main', message, next }];
}

function short(commit: CommitId | undefined): string {
  return commit === undefined ? 'nothing' : shortId(commit);
}
