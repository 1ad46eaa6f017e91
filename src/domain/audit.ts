import type { CommitId } from './commit.ts';
import type { DeploymentOutcome, Trigger } from './deployment.ts';
import { plainText } from './plain-text.ts';
import type { BranchRole, Operation, RejectionReason, Signer, Verdict } from './remote.ts';

/** A head got a verdict that it had not before. */
export interface VerdictEntry {
  readonly kind: 'verdict';
  readonly remote: string;
  readonly role: BranchRole;
  readonly ref: string;
  readonly commit: CommitId;
  /** What verification built on; null: nothing was trusted before. */
  readonly base: CommitId | null;
  readonly mode: 'none' | 'tip' | 'range';
  /** Digest of the policy that gave it; null while none is known. */
  readonly policy: string | null;
  readonly verdict: Verdict['status'];
  readonly reason: RejectionReason | null;
  readonly message: string | null;
  /** What the head offers in its place. */
  readonly candidate: CommitId | null;
  readonly signer: Signer | null;
  /** How many commits were judged for it. */
  readonly rangeSize: number;
}

/** Another commit became desired, or none is any more. */
export interface DesiredEntry {
  readonly kind: 'desired';
  readonly commit: CommitId | null;
  readonly previous: CommitId | null;
  /** null: no remote offers it, the host stays at its floor. */
  readonly remote: string | null;
  readonly role: BranchRole | null;
  readonly operation: Operation | null;
}

/** Whom this host obeys, and by which tools it checks; at every start, and when it changes. */
export interface PolicyEntry {
  readonly kind: 'policy';
  /** SHA-256 in hex of the effective policy and its keys. */
  readonly digest: string;
  readonly mode: 'none' | 'tip' | 'range';
  readonly signers: readonly Signer[];
  /** By tool; null: the tool is not there. */
  readonly versions: Readonly<Record<string, string | null>>;
}

/** A deployment began or ended. */
export interface DeploymentEntry {
  readonly kind: 'deployment';
  readonly change: 'started' | 'ended';
  readonly deployment: string;
  readonly commit: CommitId;
  readonly derivation: string | null;
  readonly toplevel: string;
  readonly operation: Operation;
  readonly trigger: Trigger;
  readonly outcome: DeploymentOutcome | null;
  readonly reason: string | null;
  /** The operator as the client claimed it. */
  readonly actor: string | null;
}

/** What a person asked for; the client claims who it was. */
export type WishEntry =
  | {
      readonly kind: 'accept';
      readonly commit: CommitId;
      /** The floor that it replaces. */
      readonly floor: CommitId | null;
      readonly reason: string;
      readonly actor: string | null;
    }
  | {
      readonly kind: 'suspend';
      readonly reason: string;
      /** RFC 3339; null: until resumed. */
      readonly until: string | null;
      readonly actor: string | null;
    }
  /** Without an actor the suspension's time was over. */
  | { readonly kind: 'resume'; readonly actor: string | null }
  | { readonly kind: 'retry'; readonly commit: CommitId; readonly actor: string | null }
  /** Without a deployment: before an activation. */
  | {
      readonly kind: 'confirm';
      readonly commit: CommitId;
      readonly deployment: string | null;
      readonly actor: string | null;
    }
  | {
      readonly kind: 'rollback';
      /** What is gone back to; null where the commit of that system is not known. */
      readonly commit: CommitId | null;
      readonly from: CommitId;
      readonly reason: string;
      readonly actor: string | null;
    }
  | {
      readonly kind: 'reject';
      readonly commit: CommitId;
      readonly deployment: string | null;
      readonly reason: string;
      readonly actor: string | null;
    };

/** A daemon found less than the whole state that an earlier one left. */
export interface StateEntry {
  readonly kind: 'state';
  /** held: nothing is deployed until a person says from which commit to go on. */
  readonly state: 'recovered' | 'held';
  readonly floor: CommitId | null;
  readonly messages: readonly string[];
}

/** The log itself is not whole here; written by the log alone. */
export interface GapEntry {
  readonly kind: 'gap';
  /** Records that could not be written and are gone. */
  readonly lost: number;
  /** Bytes of a record that a crash cut short; they stand in the line before. */
  readonly torn: number;
}

/** Everything that is recorded for good, before the log gave it its place; closed, because people search a fleet's logs by it. */
export type AuditEntry =
  | VerdictEntry
  | DesiredEntry
  | PolicyEntry
  | DeploymentEntry
  | WishEntry
  | StateEntry
  | GapEntry;

/** One line of the audit log; its keys come in this order. */
export type AuditRecord = {
  /** RFC 3339. */
  readonly ts: string;
  /** From 1 on, without holes, across restarts and files. */
  readonly seq: number;
  /**
   * SHA-256 in hex of the bytes of the record before, without its line end; where a crash left torn lines after it, they
   * are counted in. 64 zeros when there is nothing before.
   */
  readonly prev: string;
} & AuditEntry;

/** Whether every record still follows from the one before. */
export type AuditChain =
  | 'intact'
  | {
      readonly broken: {
        /** The name of the file, in the state directory. */
        readonly file: string;
        /** From 1 on. */
        readonly line: number;
        /** The record that does not fit; null where the line is none. */
        readonly seq: number | null;
        readonly message: string;
      };
    };

/** The newest records and what the whole log is worth. */
export interface AuditReading {
  readonly chain: AuditChain;
  /** Oldest first; only what can be read as a record. */
  readonly records: readonly AuditRecord[];
}

/** The entry with every text on one plain line and without the user part of any URL: what is kept for good holds no secret. */
export function plainEntry<Entry extends AuditEntry>(entry: Entry): Entry {
  return plain(entry) as Entry;
}

const longestText = 500;

function plain(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value.replace(userPart, '$1'), longestText);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

const userPart = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi;
