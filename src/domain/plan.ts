import type { PackageChange } from './closure-diff.ts';
import type { RebootReason } from './observed.ts';
import type { Inhibitor } from './preflight.ts';
import type { BranchRole, Operation } from './remote.ts';
import { notByItself } from './rollback-switch.ts';

/** How a deployment would come to the host; `nothing`: it runs already and boots by default. */
export const planWays = ['nothing', 'commit', 'switch', 'test', 'boot', 'stage', 'wait'] as const;
export type PlanWay = (typeof planWays)[number];

/** GET /v1/plan: what would be deployed, and how. Making it changes nothing on the host. */
export interface Plan {
  readonly apiVersion: 'abide/v1';
  readonly kind: 'Plan';
  readonly host: string;
  readonly commit: string;
  readonly subject: string | null;
  readonly branch: BranchRole;
  readonly operation: Operation;
  readonly toplevel: string;
  /** What runs now; null where no system does. */
  readonly current: string | null;
  readonly way: PlanWay;
  /** Why only a reboot may bring it; null when it may be switched to. */
  readonly staged: string | null;
  readonly inhibitors: readonly Inhibitor[];
  /** What of it only a reboot brings into effect. */
  readonly rebootReasons: readonly RebootReason[];
  /** True when a failure is undone unattended. */
  readonly wayBack: { readonly unattended: boolean; readonly message: string };
  /** What holds it back now, or would; empty when it would go ahead. */
  readonly holds: readonly { readonly decision: string; readonly message: string }[];
  readonly closure: {
    readonly changes: readonly PackageChange[];
    readonly added: number;
    readonly removed: number;
    /** Bytes that the store would hold more (or less) for it. */
    readonly sizeDelta: number;
  };
  /** What the system itself says it would do to units; null when it cannot be asked. */
  readonly units: readonly string[] | null;
  /** Names of the checks it would have to pass. */
  readonly checks: readonly string[];
}

/** What decides a plan's way. */
export interface WayQuestion {
  readonly operation: Operation;
  readonly runs: boolean;
  readonly inSync: boolean;
  readonly staged: string | null;
}

/** The way a built system would come to the host, as the loop would decide it. */
export function planWay({ operation, runs, inSync, staged }: WayQuestion): PlanWay {
  if (inSync) return 'nothing';
  if (runs && operation !== 'test') return 'commit';
  if (operation === 'boot' || staged === null) return operation;
  return operation === 'test' ? 'wait' : 'stage';
}

/** What there is to go back by. */
export interface WaysBack {
  /** What runs now; null where no system does. */
  readonly current: string | null;
  /** False where what runs has no switch-to-configuration. */
  readonly switchable: boolean;
  /** Why the boot loader cannot go back from a boot by itself; null when it can. */
  readonly loaderRefuses: string | null;
  /** What forbids going back unattended; null when nothing does. */
  readonly noRollback: string | null;
}

/** What undoes a deployment of this way when it fails. */
export function planWayBack(way: PlanWay, ways: WaysBack): Plan['wayBack'] {
  const { current, switchable, loaderRefuses, noRollback } = ways;
  if (way === 'nothing' || way === 'commit')
    return { unattended: true, message: 'nothing is activated, so there is nothing to undo' };
  if (way === 'boot' || way === 'stage') return fromBoot(noRollback, loaderRefuses);
  if (current === null)
    return { unattended: false, message: 'no system runs yet: there is nothing to go back to' };
  if (noRollback !== null) {
    const message = `${notByItself(noRollback)}: a system that fails stays`;
    return { unattended: false, message };
  }
  if (!switchable) {
    const message = `nothing can go back to ${current}: it has no switch-to-configuration`;
    return { unattended: false, message };
  }
  return { unattended: true, message: `the dead-man goes back to ${current}` };
}

function fromBoot(noRollback: string | null, loaderRefuses: string | null): Plan['wayBack'] {
  const refusal = noRollback === null ? loaderRefuses : notByItself(noRollback);
  if (refusal === null) {
    const message =
      'the loader starts it once: until it has proved itself, every later boot starts the system before';
    return { unattended: true, message };
  }
  return { unattended: false, message: `no unattended way back from a boot that fails: ${refusal}` };
}
