import type { BootOnceFact, LoaderTold } from './boot-once.ts';
import type { CheckSeen } from './check.ts';
import type { BootProven } from './boot-proven.ts';
import type { Choice } from './choice.ts';
import type { CommitId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { FirstBoot } from './first-boot.ts';
import type { PendingHook } from './hook.ts';
import type { LastResort } from './last-resort.ts';
import type { Probation } from './probation.ts';
import type { ProblemCode } from './problem.ts';
import type { BranchRole, Operation, Signer } from './remote.ts';
import type { RollbackRow } from './rollbacks-in-a-row.ts';
import type { Unwell } from './unwell.ts';

/** What a commit gave here; several commits may give one toplevel. */
export interface CommitRecord {
  readonly commit: CommitId;
  readonly subject: string | null;
  readonly author: string | null;
  readonly committedAt: string | null;
  /** RFC 3339: when this host first saw it as desired. */
  readonly firstSeen: string;
  readonly derivation: string | null;
  readonly toplevel: string | null;
  /** SHA-256 of the commit without its signature; null where it was not read. */
  readonly payloadHash: string | null;
  /** Who signed it, as it was found before it was deployed; null where signatures do not count. */
  readonly signer: Signer | null;
}

/** Where the host stands by its own record: what the last deployment left, or would leave. */
export interface Expected {
  readonly commit: CommitId;
  readonly branch: BranchRole;
  readonly operation: Operation;
  readonly current: string | null;
  readonly profile: string | null;
  readonly bootDefault: string | null;
  /** False while profile and boot loader could not be set: then the commit is not deployed yet. */
  readonly committed: boolean;
  /** RFC 3339. */
  readonly since: string;
  /** Left out where there is nothing to know. */
  readonly firstBoot?: FirstBoot | undefined;
}

/** A commit that was rolled back here, and its toplevel; lifted only by a person. */
export interface Quarantined {
  readonly commit: CommitId;
  readonly toplevel: string | null;
  readonly reason: string;
  readonly since: string;
  readonly deployment: string | null;
  /** Who did it and why, where a person did. */
  readonly message?: string | null;
}

/** What failed, as far as it decides attempts and delays. */
export type FailureClass = 'evaluate' | 'build' | 'activate' | 'commit' | 'environment' | 'unexpected';

/** The desired commit's current trouble; forgotten when another commit becomes desired. */
export interface Failure {
  readonly commit: CommitId;
  readonly class: FailureClass;
  readonly code: ProblemCode;
  readonly message: string;
  readonly log: readonly string[];
  /** Attempts of this class used up so far; environment failures do not count. */
  readonly attempt: number;
  /** How many are allowed; null: no limit. */
  readonly attempts: number | null;
  /** RFC 3339: the first of this row. */
  readonly since: string;
  /** Consecutive failures of any class, for the length of the backoff. */
  readonly row: number;
  /** Epoch milliseconds of the next try. */
  readonly until: number;
  readonly stalled: boolean;
}

/** A person's yes to a commit before its activation. */
export interface Consent {
  readonly commit: CommitId;
  /** As the client claimed it. */
  readonly by: string | null;
  readonly since: string;
}

/** A way back that a person asked for; it stands until it was gone. */
export interface GoingBack {
  readonly commit: CommitId;
  readonly toplevel: string;
  readonly remote: string | null;
  readonly branch: BranchRole;
  readonly operation: Operation;
  /** The commit that is left. */
  readonly from: CommitId;
  readonly reason: string;
  /** As the client claimed it. */
  readonly by: string | null;
  readonly since: string;
}

/** A person stopped the loop, with a reason and perhaps an end. */
export interface Suspension {
  readonly reason: string;
  readonly by: string | null;
  readonly since: string;
  /** RFC 3339, null for "until resumed". */
  readonly until: string | null;
}

/** The newest main commit deployed here (or seen, with `trust.floor: seen`); selection never goes below it. */
export interface Floor {
  readonly commit: CommitId;
  /** SHA-256 of the commit without its signature: what its twins share; null where it was never read. */
  readonly payloadHash: string | null;
}

/** Everything the loop must remember; with what is observed afresh it decides all. Never holds a secret. */
export interface Facts {
  readonly floor: Floor | null;
  /** The first accepted tip of a host without a floor and without `trust.anchor`: history is held to the policy from here on. */
  readonly firstAccepted: CommitId | null;
  /** Testing commits that another testing commit took the place of, newest last; none of them comes back by itself. */
  readonly supersededTesting: readonly CommitId[];
  /** The furthest head each remote offered that was not a rewrite, by role. */
  readonly offered: Readonly<
    Record<string, { readonly main: CommitId | null; readonly testing: CommitId | null }>
  >;
  readonly quarantine: readonly Quarantined[];
  readonly expected: Expected | null;
  /** The last committed main system: what a `test` deployment gives way to after a reboot. */
  readonly committedMain: Expected | null;
  readonly deployment: Deployment | null;
  /** The running deployment's baseline and clock. */
  readonly probation: Probation | null;
  /** A commit that was undone although only the network failed: it waits until a remote on the network answers. */
  readonly awaitsNetwork: { readonly commit: CommitId; readonly since: string } | null;
  /** What runs since the newest rollback, while it is worse than it was before the deployment. */
  readonly unwell: Unwell | null;
  /** The newest reboot that was asked for because nothing else helped. */
  readonly lastResort: LastResort | null;
  /** Ends when a commit is committed, or a person asks to go on. */
  readonly rollbackRow: RollbackRow | null;
  /** Hooks that ended deployments are still owed, in the order in which they run. */
  readonly pendingHooks: readonly PendingHook[];
  /** Newest first. */
  readonly deployments: readonly Deployment[];
  readonly commits: readonly CommitRecord[];
  readonly failure: Failure | null;
  readonly suspended: Suspension | null;
  /** Carried out also while the loop is suspended. */
  readonly goingBack: GoingBack | null;
  /** A testing head that a reboot ended; not applied again until it moves or a person asks. */
  readonly spentTesting: CommitId | null;
  /** Commits to which a person consented before their activation. */
  readonly confirmed: readonly Consent[];
  /** Boot in which `expected` was reached. */
  readonly bootId: string | null;
  /** What a person did that holds one commit until they say how to go on. */
  readonly choice: Choice | null;
  /** Systems that this host is known to boot into, newest first; null until the host was looked at for the first time. */
  readonly bootProven: readonly BootProven[] | null;
  /** A staged system that the boot loader starts just once: until it has proved itself, the default is `fallback`. */
  readonly bootOnce: BootOnceFact | null;
  /** On disk before the loader's variables are set; gone once they are known to be cleared. */
  readonly loaderTold: LoaderTold | null;
  /** The system that this boot started for the first time, until it has proved itself or was undone. */
  readonly bootToProve: string | null;
  /** What the checks said before the newest deployment, where that ended without a proof; its system may run still. */
  readonly unproved: { readonly toplevel: string; readonly checks: readonly CheckSeen[] } | null;
  /** Config the failure and quarantine were met under; another one gives them a new chance (failure only). */
  readonly configHash: string | null;
  /** Set when state was lost and no floor could be recovered: nothing is deployed until `abide accept`. */
  readonly hold: { readonly reason: string; readonly since: string } | null;
  /** Kinds of drift that hold, with the time each began (RFC 3339). */
  readonly driftSince: Readonly<Partial<Record<DriftKind, string>>>;
}

/** The closed set of differences between expected and observed. */
export const driftKinds = ['commit', 'runtime', 'profile', 'manual', 'boot', 'bootloader', 'units'] as const;
export type DriftKind = (typeof driftKinds)[number];

/** The facts of a host that abide never ran on. */
export const noFacts: Facts = {
  floor: null,
  firstAccepted: null,
  supersededTesting: [],
  offered: {},
  quarantine: [],
  expected: null,
  committedMain: null,
  deployment: null,
  probation: null,
  awaitsNetwork: null,
  unwell: null,
  lastResort: null,
  rollbackRow: null,
  pendingHooks: [],
  deployments: [],
  commits: [],
  failure: null,
  suspended: null,
  goingBack: null,
  spentTesting: null,
  confirmed: [],
  bootId: null,
  choice: null,
  bootProven: null,
  bootOnce: null,
  loaderTold: null,
  bootToProve: null,
  unproved: null,
  configHash: null,
  hold: null,
  driftSince: {},
};
