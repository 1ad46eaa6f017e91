import { shortId } from './commit.ts';
import { reasonName } from './condition-reasons.ts';
import type { Finding } from './finding.ts';
import type { Judgement } from './judgement.ts';
import type { LoopView } from './loop-view.ts';
import { unsignedText } from './unsigned.ts';

/** True while one remote answers; a remote that does not is named either way. */
export function sourceReachable({ remotes }: LoopView): Finding {
  const up = remotes.filter(({ health }) => health.up === true);
  const down = remotes.filter(({ health }) => health.up === false);
  const errors = down.map(({ name, health }) => `${name}: ${health.error?.message ?? 'no answer'}`);
  if (up.length === 0 && down.length < remotes.length) {
    return { status: 'Unknown', reason: 'Progressing', message: 'not every remote has been asked yet' };
  }
  if (up.length === 0) return { status: 'False', reason: 'AllRemotesFailed', message: errors.join('; ') };
  if (down.length > 0) return { status: 'True', reason: 'PartiallyFailed', message: errors.join('; ') };
  return { status: 'True', reason: 'Fetched', message: `${up.map(({ name }) => name).join(', ')} answered` };
}

/**
 * False while any head is refused or main has diverged, even when another remote's head runs: somebody should look. A
 * lagging mirror is fine. In trust mode `none` it is True with reason Unverified, never Verified: the host does what its
 * operator asked for, and the message says what that means.
 */
export function sourceTrusted(view: LoopView): Finding {
  const { judgements, diverged } = view;
  const refused = judgements.filter(({ verdict }) => verdict?.status === 'rejected');
  const first = refused[0]?.verdict?.reason;
  if (first) return { status: 'False', reason: reasonName(first), message: refused.map(why).join('; ') };
  const apart = judgements.filter(({ role, relation }) => role === 'main' && relation === 'diverged');
  if (diverged || apart.length > 0) return divergence(apart);
  const pending = judgements.filter(({ verdict }) => verdict?.status === 'pending');
  if (pending.length > 0) {
    return { status: 'Unknown', reason: 'Pending', message: pending.map(why).join('; ') };
  }
  return judgements.some(({ head }) => head) ? accepted(view) : nothingHeard;
}

const nothingHeard: Finding = {
  status: 'Unknown',
  reason: 'Progressing',
  message: 'no remote has offered a commit yet',
};

function accepted({ remotes }: LoopView): Finding {
  const open = remotes.filter(({ signed }) => !signed);
  if (open.length > 0) {
    return { status: 'True', reason: 'Unverified', message: unsignedText(open.map(({ url }) => url)) };
  }
  return { status: 'True', reason: 'Verified', message: 'every head is signed as the policy asks' };
}

function divergence(apart: readonly Judgement[]): Finding {
  const named = apart.map(({ remote, ref }) => `${ref} of ${remote}`).join(', ');
  const message = named
    ? `${named} has nothing to do with what is deployed here; other remotes are followed`
    : 'remotes offer main commits that do not descend from one another; the remote listed first wins';
  return { status: 'False', reason: 'Diverged', message };
}

function why({ remote, ref, head, verdict }: Judgement): string {
  const commit = head ? shortId(head.commit.id) : 'a commit';
  const state = verdict?.status === 'pending' ? 'pending' : 'refused';
  return `${remote} offers ${commit} on ${ref}, ${state}: ${verdict?.message ?? verdict?.reason ?? 'no reason given'}`;
}
