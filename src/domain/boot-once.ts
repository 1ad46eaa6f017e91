import { bootedBefore } from './boot-trial.ts';
import { atStep, deploymentId } from './deploy.ts';
import { isTrial, type Deployment, type DeploymentStep } from './deployment.ts';
import { shortId } from './commit.ts';
import type { Facts } from './facts.ts';
import type { Loop } from './loop.ts';
import { isStaged } from './staged.ts';

/** What may stand in the loader's variables: the system to start once, and the one that is the default. */
export interface LoaderTold {
  readonly toplevel: string;
  readonly fallback: string;
}

/** What the loader was told of a staged system. */
export interface BootOnceFact extends LoaderTold {
  /** The boot in which it was told; null once a person chose another system, so that nothing is known of this one. */
  readonly bootId: string | null;
}

/** How a boot loader was installed: `once` with a way back of its own, or `why` there is none. */
export interface LoaderInstalled {
  readonly once: boolean;
  readonly why: string | null;
}

/**
 * The facts with the running deployment at `step`. That a loader is about to be told of a staged system is known before it
 * is; and from there on nobody can say whether it would still start an earlier one.
 */
export function enterStep(facts: Facts, step: DeploymentStep): Facts {
  const entered = atStep(facts, step);
  const { deployment, bootOnce } = entered;
  if (step !== 'loader' || !deployment || isTrial(deployment)) return entered;
  const { toplevel, previous } = deployment;
  const { bootDefault: fallback } = previous;
  const told = isStaged(deployment) && fallback !== null ? { toplevel, fallback } : entered.loaderTold;
  return { ...entered, loaderTold: told, bootOnce: bootOnce && { ...bootOnce, bootId: null } };
}

/** The systems that the loader's variables may name because abide set them. */
export function systemsTold({ loaderTold, bootOnce }: Facts): readonly string[] {
  return [loaderTold, bootOnce].flatMap((told) => (told ? [told.toplevel, told.fallback] : []));
}

/** True for a staged system that nobody has seen running; one that a reboot started in the middle of it was not seen either. */
export function isUnseen(deployment: Deployment, { bootId }: Facts, current: string | null): boolean {
  const { toplevel, previous } = deployment;
  if (!isStaged(deployment) || previous.bootDefault === toplevel) return false;
  return current !== toplevel || (previous.toplevel !== toplevel && deployment.bootId !== bootId);
}

/** True when a staged system was given up before it was started: nothing is to be learned from its not coming up. */
export function isGivenUp({ bootOnce, quarantine }: Facts): boolean {
  return bootOnce !== null && quarantine.some(({ toplevel }) => toplevel === bootOnce.toplevel);
}

/** The facts once the boot loader was told what to start for the running deployment. */
export function keepLoader(facts: Facts, installed: LoaderInstalled): Facts {
  const { deployment } = facts;
  if (!deployment) return facts;
  const { toplevel, previous } = deployment;
  // What a trial passed is for good; only its end forgets that the loader held it.
  if (isTrial(deployment)) return facts;
  const fallback = installed.once ? previous.bootDefault : null;
  const bootOnce = fallback === null ? null : { toplevel, fallback, bootId: facts.bootId };
  const loaderTold = bootOnce && facts.loaderTold;
  const message =
    installed.why === null ? deployment.message : `there is no unattended way back: ${installed.why}`;
  return { ...facts, bootOnce, loaderTold, deployment: { ...deployment, message } };
}

/** True when the running deployment is the trial of a system that the loader started just once: passed, it is to stay. */
export function isHeldByLoader({ deployment, bootOnce }: Facts): boolean {
  return deployment !== null && isTrial(deployment) && bootOnce?.toplevel === deployment.toplevel;
}

/** What to know of a staged system's way back, as the end of a sentence. */
export function wayBackText({ bootOnce }: Pick<Facts, 'bootOnce'>, toplevel: string): string {
  return bootOnce?.toplevel === toplevel
    ? 'until it has proved itself, every later boot starts the system before'
    : 'there is no unattended way back from it: a person has to choose another entry in the boot menu';
}

/** True when a staged system was to be started and the host came up in its fallback: the loader has gone back by itself. */
export function hasFallenBack({ facts, observed, policy }: Loop): boolean {
  const { bootOnce, hold } = facts;
  if (bootOnce === null || hold !== null || policy.mode !== 'enforce' || !observed) return false;
  if (isGivenUp(facts)) return false;
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
    message: `the host came up in the system before: either the new one was started and did not come up so far that abide could look at it, or somebody chose the system before in the boot menu; abide retry ${shortId(expected.commit)} tries it again`,
  };
  return { ...facts, deployment, probation: null, unwell: null };
}
