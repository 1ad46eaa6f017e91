import type { Ancestry } from '../src/domain/ancestry.ts';
import { isSuperseded, mayWork } from '../src/domain/decide.ts';
import { announceSelection } from '../src/domain/announce.ts';
import { findDrift, trackDrift } from '../src/domain/drift.ts';
import type { NewEvent } from '../src/domain/event.ts';
import type { DriftKind, Facts } from '../src/domain/facts.ts';
import { noticeReboot } from '../src/domain/notice-reboot.ts';
import { isOutdated } from '../src/domain/observed.ts';
import { offeredAfter } from '../src/domain/offered.ts';
import type { Problem } from '../src/domain/problem.ts';
import { rememberCommit } from '../src/domain/remember-commit.ts';
import type { RemoteHealth } from '../src/domain/remote.ts';
import type { Selection } from '../src/domain/select.ts';
import { commitsInQuestion, selectFor } from '../src/domain/select-for.ts';
import { noteTrust } from '../src/domain/trust-facts.ts';
import type { ReconcilerContext, ReconcilerEmitted, ReconcilerEvent } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** The commits whose ancestry must be known before what was heard may count. */
export function question(context: ReconcilerContext): readonly string[] {
  return commitsInQuestion({ ...context, offers: context.heard });
}

/** True when what was heard last counts already, with its ancestry known. */
export function isAssessed(context: ReconcilerContext): boolean {
  return context.offers === context.heard && context.assessed === question(context).join();
}

/** True when what the pipeline works on is not to be done any more; a person's way back is never left for news. */
export function isLeftBehind(context: ReconcilerContext): boolean {
  if (context.facts.goingBack) return isSuperseded(context);
  return !mayWork(context) || (isFresh(context) && isSuperseded(context));
}

/** True when decisions may be made: all is assessed, and anything was heard at all since the host was last known. */
export function isFresh(context: ReconcilerContext): boolean {
  return isAssessed(context) && Object.keys(context.heard).length > 0;
}

/** Records what a child reported. */
export function hear(context: ReconcilerContext, event: ReconcilerEvent): Turn {
  if (event.type === 'remote.offered') return hearOffer(context, event);
  if (event.type === 'remote.failed') return hearFailure(context, event);
  if (event.type === 'host.observed') return hearHost(context, event);
  if (event.type === 'host.unobservable')
    return { change: { request: pending(context, 'host', event.token) } };
  return {};
}

/** Takes note of a person's `reconcile`: it is served when every remote and the host were looked at since. */
export function request(context: ReconcilerContext, token: string): Partial<ReconcilerContext> {
  return { request: { token, pending: ['host', ...context.polls.map(({ name }) => name)] } };
}

/** True when everything that a person's `reconcile` asked for was looked at. */
export function isServable(context: ReconcilerContext): boolean {
  return context.request !== null && context.request.pending.length === 0;
}

/** Marks a person's `reconcile` as served. */
export function serve(context: ReconcilerContext): Turn {
  return { change: { handled: context.request?.token ?? context.handled, request: null } };
}

/** Makes what was heard count, now that its ancestry is known. */
export function assess(context: ReconcilerContext, ancestry: Ancestry, assessed: string): Turn {
  const before = selectFor(context);
  const next = { ...context, offers: context.heard, ancestry };
  const after = selectFor(next);
  const known = rememberSelected(context.facts, after, context.now());
  const noted = noteTrust(known, { selection: after, ancestry, policy: context.policy });
  const offered = offeredAfter(context.facts.offered, after.judgements, ancestry);
  const facts = { ...noted.facts, offered };
  const emit = [
    ...announceSelection(before, after, { ...next, facts }).map(asEmitted),
    ...noted.events.map(asEmitted),
    ...rejections(before, after),
  ];
  return { change: { offers: context.heard, ancestry, assessed, facts }, emit };
}

/** The mirror could not answer; what was known before keeps counting. */
export function assessmentFailed(problem: Problem): Turn {
  return {
    emit: [
      asEmitted({
        type: 'waiting',
        severity: 'error',
        message: `the mirror cannot be read: ${problem.message}`,
      }),
    ],
  };
}

function hearOffer(
  context: ReconcilerContext,
  { offer, health, token }: Extract<ReconcilerEvent, { type: 'remote.offered' }>,
): Turn {
  const { remote } = offer;
  const before = context.heard[remote];
  const changed =
    before?.main?.commit.id !== offer.main?.commit.id ||
    before?.testing?.commit.id !== offer.testing?.commit.id;
  // Keys and time change the verdict on a head that stands where it was.
  const isNews = !before || JSON.stringify(before) !== JSON.stringify(offer);
  const heard = isNews ? { ...context.heard, [remote]: offer } : context.heard;
  return {
    change: {
      heard,
      health: { ...context.health, [remote]: health },
      request: pending(context, remote, token),
      facts: networkBack(context, remote),
    },
    emit: [
      { type: 'polled', remote, result: changed ? 'changed' : 'unchanged' },
      ...upAgain(context.health[remote], remote),
    ],
  };
}

/** An answer over the network is what an exonerated commit waits for. */
function networkBack({ facts, policy }: ReconcilerContext, remote: string): Facts {
  const isAnswer = facts.awaitsNetwork !== null && policy.networkRemotes.includes(remote);
  return isAnswer ? { ...facts, awaitsNetwork: null } : facts;
}

function upAgain(before: RemoteHealth | undefined, remote: string): ReconcilerEmitted[] {
  if (before?.up !== false) return [];
  return [asEmitted({ type: 'remote.up', severity: 'info', message: `${remote} answers again`, remote })];
}

function hearFailure(
  context: ReconcilerContext,
  { remote, health, token }: Extract<ReconcilerEvent, { type: 'remote.failed' }>,
): Turn {
  const before = context.health[remote];
  const news = before?.up !== false || before.error?.message !== health.error?.message;
  const message = `${remote} cannot be fetched: ${health.error?.message ?? 'unknown reason'}`;
  return {
    change: { health: { ...context.health, [remote]: health }, request: pending(context, remote, token) },
    emit: [
      { type: 'polled', remote, result: 'failure' },
      ...(news
        ? [asEmitted({ type: 'remote.down', severity: 'warning', message, remote, ...fetchFailure(health) })]
        : []),
    ],
  };
}

function fetchFailure({ error }: RemoteHealth): Pick<NewEvent, 'phase' | 'code'> {
  return { phase: 'fetch', code: error?.code ?? null };
}

function hearHost(
  context: ReconcilerContext,
  { observed, token }: Extract<ReconcilerEvent, { type: 'host.observed' }>,
): Turn {
  const request = pending(context, 'host', token);
  if (isOutdated(observed, context.observed)) return { change: { request } };
  const noticed = noticeReboot(context.facts, observed, context.observed);
  const { desired } = selectFor({ ...context, facts: noticed });
  const found = findDrift({ facts: noticed, observed, desired });
  const driftSince = trackDrift(noticed.driftSince, found, new Date(context.now()).toISOString());
  const facts = driftSince === noticed.driftSince ? noticed : { ...noticed, driftSince };
  const emit = driftNews(context.facts.driftSince, found).map(asEmitted);
  return { change: { observed, facts, request }, emit };
}

function driftNews(
  before: Facts['driftSince'],
  found: readonly { readonly kind: DriftKind; readonly message: string }[],
): NewEvent[] {
  const isNews = ({ kind }: { kind: DriftKind }) => kind !== 'commit' && before[kind] === undefined;
  const begun = found.filter(isNews).map(({ kind, message }): NewEvent => ({
    type: 'drift.detected',
    severity: 'warning',
    message: `${kind}: ${message}`,
  }));
  const kinds = new Set(found.map(({ kind }) => kind));
  const ended = (Object.keys(before) as DriftKind[]).filter((kind) => kind !== 'commit' && !kinds.has(kind));
  return [
    ...begun,
    ...ended.map((kind): NewEvent => ({
      type: 'drift.cleared',
      severity: 'info',
      message: `${kind}: as expected again`,
    })),
  ];
}

function pending(
  context: ReconcilerContext,
  who: string,
  token: string | null,
): ReconcilerContext['request'] {
  const { request: open } = context;
  if (!open || open.token !== token) return open;
  return { ...open, pending: open.pending.filter((name) => name !== who) };
}

function rememberSelected(facts: Facts, { desired, main, judgements }: Selection, now: number): Facts {
  const selected = new Set([main, desired?.commit ?? null].filter((commit) => commit !== null));
  return [...selected].reduce((known, commit) => {
    const offer = judgements.find(({ head }) => head?.candidate?.commit.id === commit);
    const candidate = offer?.head?.candidate ?? null;
    return rememberCommit(known, { commit, candidate, signer: offer?.head?.verdict.signer ?? null }, now);
  }, facts);
}

function rejections(before: Selection, after: Selection): ReconcilerEmitted[] {
  const known = new Set(before.judgements.filter(isRejected).map(rejectionKey));
  return after.judgements.filter(isRejected).flatMap((judgement) => {
    const { remote, head, verdict } = judgement;
    if (!head || !verdict?.reason || known.has(rejectionKey(judgement))) return [];
    return [{ type: 'rejected' as const, remote, commit: head.commit.id, reason: verdict.reason }];
  });
}

function isRejected({ verdict }: Selection['judgements'][number]): boolean {
  return verdict?.status === 'rejected';
}

function rejectionKey({ remote, head, verdict }: Selection['judgements'][number]): string {
  return `${remote} ${head?.commit.id} ${verdict?.reason}`;
}
