import { bootedBefore } from './boot-trial.ts';
import { deploymentId } from './deploy.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';
import type { Loop } from './loop.ts';

/** What the loader was told of a staged system. */
export interface BootOnceFact {
  readonly toplevel: string;
  readonly fallback: string;
  /** The boot in which it was told; null once a person chose another system, so that nothing is known of this one. */
  readonly bootId: string | null;
}

/** How a boot loader was installed: `once` with a way back of its own, or `why` there is none. */
export interface LoaderInstalled {
  readonly once: boolean;
  readonly why: string | null;
}

/** The facts once the boot loader was told what to start for the running deployment. */
export function keepLoader(facts: Facts, installed: LoaderInstalled): Facts {
  const { deployment } = facts;
  if (!deployment) return facts;
  const { toplevel, previous, bootId } = deployment;
  // What a trial passed is for good; only its end forgets that the loader held it.
  if (deployment.trigger === 'boot') return facts;
  const fallback = installed.once ? previous.bootDefault : null;
  const bootOnce = fallback === null ? null : { toplevel, fallback, bootId };
  const message =
    installed.why === null ? deployment.message : `there is no unattended way back: ${installed.why}`;
  return { ...facts, bootOnce, deployment: { ...deployment, message } };
}

/** True when the running deployment is the trial of a system that the loader started just once: passed, it is to stay. */
export function isHeldByLoader({ deployment, bootOnce }: Facts): boolean {
  return deployment?.trigger === 'boot' && bootOnce?.toplevel === deployment.toplevel;
}

/** What to know of a staged system's way back, as the end of a sentence. */
export function wayBackText({ bootOnce }: Pick<Facts, 'bootOnce'>, toplevel: string): string {
  return bootOnce?.toplevel === toplevel
    ? 'until it has proved itself, every later boot starts the system before'
    : 'there is no unattended way back from it: a person has to choose another entry in the boot menu';
}

/** True when a staged system was to be started and the host came up in its fallback: the loader has gone back by itself. */
export function hasFallenBack({ facts: { bootOnce, hold }, observed, policy }: Loop): boolean {
  if (bootOnce === null || hold !== null || policy.mode !== 'enforce' || !observed) return false;
  const isLater = bootOnce.bootId !== null && observed.bootId !== null && observed.bootId !== bootOnce.bootId;
  return isLater && observed.booted === bootOnce.fallback && observed.current === bootOnce.fallback;
}

/** The facts once the loader's way back is made good for profile and boot default, as the rollback that it was. */
export function beginFallBack({ facts, observed }: Loop, now: number): Facts {
  const { bootOnce, expected } = facts;
  if (!bootOnce || !expected || !observed) return facts;
  const { toplevel, fallback } = bootOnce;
  const deployment: Deployment = {
    ...bootedBefore(facts, { toplevel, expected, back: fallback, observed }),
    id: deploymentId(expected.commit, facts, now),
    startedAt: new Date(now).toISOString(),
    step: 'rollback',
    reason: 'BootFailed',
    message:
      'the system was started and did not come up so far that abide could look at it; the boot loader went back',
  };
  return { ...facts, deployment, probation: null, unwell: null };
}
