import type { DoneActorEvent } from 'xstate';
import { faultOf } from '../src/domain/after-switch.ts';
import type { CheckSeen } from '../src/domain/check.ts';
import type { Observed } from '../src/domain/observed.ts';
import type { SwitchVerdict } from '../src/domain/switch-verdict.ts';
import { deploymentIn } from './in-context.ts';
import { arming, checking, comparing } from './preflight.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

interface Looked {
  readonly context: ReconcilerContext;
  readonly event: DoneActorEvent<Observed>;
}

const seen = { type: 'keepObserved', params: ({ event }: Looked) => ({ observed: event.output }) } as const;

const gave = (verdict: SwitchVerdict['verdict']) =>
  ({ type: 'gave', params: ({ event }: Looked) => ({ observed: event.output, verdict }) }) as const;

const baseline = {
  type: 'keepBaseline',
  params: ({ event }: { event: DoneActorEvent<readonly CheckSeen[] | null> }) => ({ before: event.output }),
} as const;

/** Runs switch-to-configuration outside the daemon and reads the truth from the links; has no way out but its own end. */
export const activating = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('activate'),
  initial: 'preparing',
  states: {
    preparing: {
      invoke: {
        id: 'prepare',
        src: 'prepare',
        input: ({ context }) => deploymentIn(context),
        onDone: [
          { guard: 'looksOnly', target: 'arming' },
          { target: 'comparing', actions: baseline },
        ],
        onError: [
          {
            guard: { type: 'lockHeld', params: ({ event }) => ({ error: event.error }) },
            target: '#reconciler.pipeline.gating',
            actions: 'waitForLock',
          },
          {
            target: '#reconciler.pipeline.settled',
            actions: { type: 'fail', params: ({ event }) => ({ phase: 'activate', error: event.error }) },
          },
        ],
      },
    },
    comparing,
    checking,
    arming,
    switching: {
      entry: { type: 'step', params: { step: 'switch' } },
      invoke: {
        id: 'activate',
        src: 'activate',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: 'looking',
          actions: { type: 'keepResult', params: ({ event }) => ({ result: event.output }) },
        },
        // Whatever failed, the switch may have been begun: only the links say whether anything changed.
        onError: {
          target: 'looking',
          actions: { type: 'keepFault', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    looking: {
      entry: { type: 'step', params: { step: 'look' } },
      invoke: {
        id: 'look',
        src: 'look',
        input: ({ context }) => deploymentIn(context),
        onDone: [
          { guard: gave('healthy'), target: '#reconciler.pipeline.probation', actions: seen },
          { guard: gave('again'), target: 'pausing', actions: [seen, 'tryAgain'] },
          { guard: gave('busy'), target: '#reconciler.pipeline.gating', actions: [seen, 'waitForLock'] },
          { guard: gave('staged'), target: 'staging', actions: seen },
          {
            guard: gave('nothing-happened'),
            target: '#reconciler.pipeline.settled',
            actions: [seen, { type: 'giveUp', params: ({ event }) => ({ observed: event.output }) }],
          },
          {
            guard: 'hasWayBack',
            target: '#reconciler.pipeline.rollingBack',
            actions: [
              seen,
              { type: 'blame', params: ({ context, event }) => faultOf(context, event.output) },
            ],
          },
          {
            target: '#reconciler.pipeline.settled',
            actions: [
              seen,
              { type: 'blame', params: ({ context, event }) => faultOf(context, event.output) },
              'condemn',
            ],
          },
        ],
        onError: { target: 'lookingAgain' },
      },
    },
    staging: {
      always: [
        { guard: 'movesProfile', target: '#reconciler.pipeline.committing' },
        {
          target: '#reconciler.pipeline.gating',
          actions: { type: 'waitForReboot', params: { why: 'the interface of init changes' } },
        },
      ],
    },
    lookingAgain: { after: { moment: 'looking' } },
    pausing: { after: { moment: 'switching' } },
  },
});
