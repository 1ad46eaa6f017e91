import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import { rebootBound, type Comparison } from '../src/domain/preflight.ts';
import { deploymentIn } from './in-context.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { reconcilerSetup } from './reconciler-setup.ts';

interface Compared {
  readonly context: ReconcilerContext;
  readonly event: DoneActorEvent<Comparison>;
}

const found = ({ event }: Compared) => ({ comparison: event.output });

const stage = { type: 'stage', params: found } as const;

const fail = {
  target: '#reconciler.pipeline.settled',
  actions: {
    type: 'fail',
    params: ({ event }: { event: ErrorActorEvent }) => ({ phase: 'activate', error: event.error }) as const,
  },
} as const;

/** Looks how the new system differs from what runs. What only a reboot may bring is staged; a test waits. */
export const comparing = reconcilerSetup.createStateConfig({
  entry: { type: 'step', params: { step: 'preflight' } },
  invoke: {
    id: 'compare',
    src: 'compare',
    input: ({ context }) => deploymentIn(context),
    onDone: [
      {
        guard: { type: 'needsReboot', params: found },
        target: '#reconciler.pipeline.gating',
        actions: {
          type: 'waitForReboot',
          params: ({ context, event }: Compared) => ({
            why: rebootBound(event.output, context.policy.stageWhen) ?? '',
          }),
        },
      },
      { guard: { type: 'checkable', params: found }, target: 'checking', actions: stage },
      { target: '#reconciler.pipeline.committing', actions: stage },
    ],
    onError: fail,
  },
});

/** Asks the new system's own pre-switch checks. */
export const checking = reconcilerSetup.createStateConfig({
  invoke: {
    id: 'check',
    src: 'check',
    input: ({ context }) => deploymentIn(context),
    onDone: [{ guard: 'activates', target: 'arming' }, { target: '#reconciler.pipeline.committing' }],
    onError: [
      {
        guard: { type: 'lockHeld', params: ({ event }) => ({ error: event.error }) },
        target: '#reconciler.pipeline.gating',
        actions: 'waitForLock',
      },
      fail,
    ],
  },
});

const armed = {
  type: 'keepArmed',
  params: ({ event }: { event: DoneActorEvent<string | null> }) => ({ noWayBack: event.output }),
} as const;

/** Arms the way back, before anything changes. */
export const arming = reconcilerSetup.createStateConfig({
  entry: { type: 'step', params: { step: 'arm' } },
  invoke: {
    id: 'arm',
    src: 'arm',
    input: ({ context }) => deploymentIn(context),
    onDone: [
      { guard: 'looksOnly', target: '#reconciler.pipeline.probation', actions: armed },
      { target: 'switching', actions: armed },
    ],
    onError: fail,
  },
});
