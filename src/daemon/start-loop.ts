import { createActor, fromPromise } from 'xstate';
import { createLane } from '../../machines/exclusive.ts';
import { observerMachine } from '../../machines/observer.ts';
import type { ReconcilerInput } from '../../machines/reconciler-context.ts';
import type { Planned } from '../../machines/planned.ts';
import { reconcilerMachine } from '../../machines/reconciler.ts';
import { remoteMachine } from '../../machines/remote.ts';
import type { Ancestry } from '../domain/ancestry.ts';
import type { CommitId } from '../domain/commit.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { Fetched } from '../domain/fetched.ts';
import type { HookOrder } from '../domain/hook.ts';
import type { Observed } from '../domain/observed.ts';
import type { ProbeOrder } from '../domain/probe.ts';
import type { RemoteOffer } from '../domain/remote.ts';
import type { Target } from '../domain/target.ts';
import type { Effects } from './effects.ts';

/** The reconciler with its effects; not started, so that the caller can listen first. */
export function createLoop(input: ReconcilerInput, effects: Effects) {
  const work = createLane();
  const onHost = createLane();
  // Not waited for at the end: what runs in it runs on without the daemon.
  const afterwards = createLane();
  const changing = <Output>(effect: (deployment: Deployment) => Promise<Output>) =>
    onHost.logic<Output, Deployment>((deployment) => effect(deployment));
  const machine = reconcilerMachine.provide({
    actors: {
      remote: remoteMachine.provide({
        actors: {
          fetch: fromPromise<Fetched, string>(({ input: name, signal }) => effects.fetch(name, signal)),
          verify: fromPromise<RemoteOffer, Fetched | null>(({ input: fetched, signal }) =>
            effects.verify(fetched, signal),
          ),
        },
      }),
      observer: observerMachine.provide({
        actors: { observe: fromPromise<Observed, undefined>(() => effects.observe()) },
      }),
      assess: fromPromise<Ancestry, readonly CommitId[]>(({ input: commits, signal }) =>
        effects.assess(commits, signal),
      ),
      evaluate: work.logic((target: Target, signal) => effects.evaluate(target, signal)),
      realise: work.logic((planned: Planned, signal) => effects.realise(planned, signal)),
      prepare: changing(effects.prepare),
      compare: changing(effects.compare),
      check: changing(effects.check),
      arm: changing(effects.arm),
      activate: changing(effects.activate),
      look: changing(effects.look),
      probe: onHost.logic((order: ProbeOrder, signal) => effects.probe(order, signal)),
      review: onHost.logic((order: ProbeOrder, signal) => effects.review(order, signal)),
      setProfile: changing(effects.setProfile),
      installLoader: changing(effects.installLoader),
      finish: changing(effects.finish),
      handOver: changing(effects.handOver),
      disarm: changing(effects.disarm),
      restore: changing(effects.restore),
      rollBack: changing(effects.rollBack),
      reboot: changing(effects.reboot),
      admit: work.logic((order: HookOrder, signal) => effects.admit(order, signal)),
      runHook: afterwards.logic((order: HookOrder, signal) => effects.runHook(order, signal)),
    },
  });
  return {
    actor: createActor(machine, { input }),
    /** Settles when no effect runs any more. */
    idle: () => Promise.all([work.idle(), onHost.idle()]),
  };
}
