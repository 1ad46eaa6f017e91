import { isCommitId, type CommitId } from '../domain/commit.ts';
import { noFacts, type Facts, type Quarantined } from '../domain/facts.ts';
import type { JournalContent, JournalDocument, JournalReading } from './journal.ts';
import type { WitnessDocument, WitnessReading } from './witness.ts';

/** All that is left to start from. */
export interface Remains {
  readonly journal: JournalReading;
  readonly witness: WitnessReading;
  readonly mirrorExists: boolean;
  /** `trust.anchor` of the config. */
  readonly configAnchor: CommitId | null;
  /** The commit that the running system says it was built from. */
  readonly configurationRevision: string | null;
  /** The system that was booted; null where that cannot be read. */
  readonly booted: string | null;
  /** Whether the mirror holds a commit; asked only when journal and witness have no floor. */
  readonly hasCommit: (commit: CommitId) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What the loop starts with. */
export interface Recovered extends JournalContent {
  readonly recovery: {
    /** `recovered`: from less than the journal; `held`: nothing is deployed until a person says from where. */
    readonly kind: 'fresh' | 'loaded' | 'recovered' | 'held';
    /** For log, events and status: what was missing and what was done about it. */
    readonly messages: readonly string[];
  };
}

/** Chooses what to go on from: never lower than any floor that can still be known, and never silently from nothing. */
export async function recover(remains: Remains): Promise<Recovered> {
  const { journal, witness, mirrorExists } = remains;
  if (journal.kind === 'loaded') return fromJournal(journal.document, remains);
  if (journal.kind === 'fresh' && witness.kind === 'fresh' && !mirrorExists) {
    return starting(noFacts, 'fresh', []);
  }
  const messages = [whyNoJournal(journal), ...aboutWitness(witness)];
  const facts = withoutProof(withWitness(noFacts, witness, remains.now), remains);
  return facts.floor ? fromWitnessFloor(facts, messages) : fromElsewhere(facts, messages, remains);
}

/** What was booted brought the host up, which proves it; but not while its own probation had not ended. */
function withoutProof(facts: Facts, { witness, booted }: Remains): Facts {
  const pending = witness.kind === 'loaded' ? witness.document.pending : null;
  return pending !== null && pending.toplevel === booted ? { ...facts, bootProven: [] } : facts;
}

function starting(facts: Facts, kind: Recovered['recovery']['kind'], messages: readonly string[]): Recovered {
  return {
    facts,
    events: [],
    nextEventId: 1,
    counters: {},
    conditions: [],
    recovery: { kind, messages },
  };
}

function fromJournal(document: JournalDocument, { witness, mirrorExists, now }: Remains): Recovered {
  const { events, nextEventId, counters, conditions } = document;
  const facts = withWitness(document.facts, witness, now, document.writtenAt);
  const raised = facts.floor?.commit !== document.facts.floor?.commit;
  const messages = [
    ...aboutWitness(witness),
    ...(mirrorExists ? [] : ['the mirror is missing; it is fetched again']),
    ...(raised ? [`the journal is older than the witness; the floor is ${facts.floor?.commit}`] : []),
  ];
  const kind = facts.hold ? 'held' : raised ? 'recovered' : 'loaded';
  return { facts, events, nextEventId, counters, conditions, recovery: { kind, messages } };
}

function fromWitnessFloor(facts: Facts, messages: readonly string[]): Recovered {
  const message = `abide goes on from the witness: the floor is ${facts.floor?.commit}`;
  return starting(facts, 'recovered', [...messages, message]);
}

// A witness without a floor proves nothing: a host on hold writes one too.
async function fromElsewhere(
  facts: Facts,
  messages: readonly string[],
  { configAnchor, configurationRevision, hasCommit, now }: Remains,
): Promise<Recovered> {
  const revision = configurationRevision;
  if (revision !== null && isCommitId(revision) && (await hasCommit(revision))) {
    const message = `abide goes on from the commit of the running system: the floor is ${revision}`;
    return starting(withFloor(facts, revision), 'recovered', [...messages, message]);
  }
  if (configAnchor !== null) {
    const message = `abide goes on from trust.anchor: the floor is ${configAnchor}`;
    return starting(withFloor(facts, configAnchor), 'recovered', [...messages, message]);
  }
  const reason =
    'state was lost and nothing is left that says which commit was deployed last; nothing is deployed until you say ' +
    'from where to go on: abide accept COMMIT --reason TEXT';
  const hold = { reason, since: new Date(now).toISOString() };
  return starting({ ...facts, hold }, 'held', [...messages, reason]);
}

function withFloor(facts: Facts, commit: CommitId): Facts {
  return { ...facts, floor: { commit, payloadHash: null } };
}

/** Adds what the witness knows: its quarantine always; its floor where the facts have none or were written before it. */
function withWitness(facts: Facts, witness: WitnessReading, now: number, writtenAt?: string): Facts {
  if (witness.kind !== 'loaded') return facts;
  const { document } = witness;
  const known = new Set(facts.quarantine.map(({ commit }) => commit));
  const since = new Date(now).toISOString();
  const added = document.quarantine
    .filter(({ commit }) => !known.has(commit))
    .map(({ commit, toplevel }): Quarantined => ({
      commit,
      toplevel,
      reason: 'StateLost',
      since,
      deployment: null,
    }));
  return {
    ...facts,
    floor: isOlder(facts, document, writtenAt) ? document.floor : facts.floor,
    bootId: facts.bootId ?? document.bootId,
    quarantine: [...facts.quarantine, ...added],
  };
}

// Both are written together, journal first: a witness that differs and is younger means that the journal was put back.
function isOlder(facts: Facts, document: WitnessDocument, writtenAt: string | undefined): boolean {
  if (document.floor === null) return false;
  if (facts.floor === null || writtenAt === undefined) return true;
  return Date.parse(writtenAt) < Date.parse(document.writtenAt);
}

function whyNoJournal(journal: Exclude<JournalReading, { kind: 'loaded' }>): string {
  if (journal.kind === 'damaged') return journal.problem.message;
  if (journal.kind === 'newer') {
    return `the journal is of version ${journal.version}, which this abide does not know; it is kept aside`;
  }
  return 'the journal is missing though abide has run here';
}

function aboutWitness(witness: WitnessReading): string[] {
  if (witness.kind === 'damaged') return [witness.problem.message];
  if (witness.kind === 'fresh') return ['the witness is missing; it is written again'];
  const { pending } = witness.document;
  return pending ? [`deployment ${pending.deployment} of ${pending.toplevel} had not ended`] : [];
}
