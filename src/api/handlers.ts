import type { AuditReading } from '../domain/audit.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { Progress } from '../domain/evaluation.ts';
import type { HostEvent } from '../domain/event.ts';
import type { Plan } from '../domain/plan.ts';
import type { HostStatus } from '../domain/status.ts';
import type { WhyAnswer } from '../domain/why-answer.ts';

/** Who asked, as the client claimed it; null when it did not say. */
export interface Claimed {
  readonly by: string | null;
}

/** `forMs` is null for "until resumed". */
export interface SuspendRequest extends Claimed {
  readonly reason: string;
  readonly forMs: number | null;
}

/** `commit` is null for "whatever is in trouble"; an abbreviation is resolved by the daemon. */
export interface RetryRequest extends Claimed {
  readonly commit: string | null;
}

/** `commit` may be abbreviated; the daemon resolves it. */
export interface AcceptRequest extends Claimed {
  readonly commit: string;
  readonly reason: string;
}

/** `id` is a deployment or a commit, or the beginning of one; null for whatever waits for an answer. */
export interface ConfirmRequest extends Claimed {
  readonly id: string | null;
}

/** What a ConfirmRequest says, and why not. */
export interface RejectRequest extends ConfirmRequest {
  readonly reason: string;
}

/** `to` is a deployment or its beginning; null for the system before. */
export interface RollbackRequest extends Claimed {
  readonly to: string | null;
  readonly reason: string;
}

/** Where a way back by hand leads; `toplevel` is null where no other system ran before. */
export interface GoesBack {
  readonly from: string;
  readonly commit: string | null;
  readonly toplevel: string | null;
}

/** What was answered; `deployment` is null before an activation. */
export interface Answered {
  readonly commit: string;
  readonly deployment: string | null;
}

/**
 * What the daemon does for clients. The queries answer at once from memory. A command resolves when it is recorded, not
 * when its work is done; it throws Refused or Problem, and the client then gets 409 with the message.
 */
export interface ApiHandlers {
  status(): HostStatus;
  /** Newest first. */
  history(): readonly Deployment[];
  /** By its whole id, also the one that runs. */
  deployment(id: string): Deployment | null;
  readonly events: {
    /** Kept events with a greater id, oldest first. */
    since(id: number): readonly HostEvent[];
    /** Called once for each new event; gives the function that ends it. */
    subscribe(listener: (event: HostEvent) => void): () => void;
  };
  /** The newest `limit` records of the audit log, oldest first. */
  audit(limit: number): Promise<AuditReading>;
  /** What keeps a commit from running, null for every head; an abbreviation is resolved by the daemon. */
  why(commit: string | null): Promise<WhyAnswer>;
  /**
   * What deploying a commit would mean, null for the desired one; evaluates and builds, and changes nothing. The signal is
   * aborted when the client hangs up.
   */
  plan(commit: string | null, signal: AbortSignal): Promise<Plan>;
  planProgress(): Progress | null;
  /** Called whenever `status()` would answer something else; gives the function that ends it. */
  onStatus(listener: () => void): () => void;
  /** The token sorts after every earlier one as text, so that a client sees in `reconcile.handled` that it was passed. */
  reconcile(request: Claimed): Answer<{ readonly token: string }>;
  suspend(request: SuspendRequest): Answer<void>;
  resume(request: Claimed): Answer<void>;
  /** The commits whose quarantine or stall was lifted. */
  retry(request: RetryRequest): Answer<{ readonly commits: readonly string[] }>;
  accept(request: AcceptRequest): Answer<{ readonly commit: string }>;
  confirm(request: ConfirmRequest): Answer<Answered>;
  reject(request: RejectRequest): Answer<Answered>;
  rollback(request: RollbackRequest): Answer<GoesBack>;
}

type Answer<T> = T | Promise<T>;
