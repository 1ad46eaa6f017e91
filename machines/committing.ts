import { toProblem } from '../src/domain/problem.ts';
import { deploymentIn } from './in-context.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

/**
 * Calls the dead-man off, then moves profile and boot default to the healthy system; every part may be done twice. Has no
 * way out but its own end, or the way back where the dead-man was faster. What a reboot left half done is put back.
 */
export const committing = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('commit'),
  initial: 'passing',
  states: {
    passing: {
      entry: { type: 'step', params: { step: 'passed' } },
      invoke: {
        id: 'disarm',
        src: 'disarm',
        input: ({ context }) => deploymentIn(context),
        onDone: [
          { guard: 'movesProfile', target: 'profile' },
          { guard: 'heldByLoader', target: 'loader' },
          { target: 'finishing' },
        ],
        onError: [
          {
            guard: { type: 'wayBackTaken', params: ({ event }) => ({ error: event.error }) },
            target: '#reconciler.pipeline.rollingBack',
            actions: {
              type: 'blame',
              params: ({ event }) => ({
                reason: 'ActivationFailed',
                message: toProblem(event.error).message,
              }),
            },
          },
          {
            target: 'passingAgain',
            actions: { type: 'tellUnpassed', params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
    },
    restoring: {
      invoke: {
        id: 'restore',
        src: 'restore',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: '#reconciler.pipeline.settled',
          actions: [
            { type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) },
            'interrupt',
          ],
        },
        onError: {
          target: 'restoringAgain',
          actions: { type: 'rollbackFailed', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    restoringAgain: { after: { rollbackRetry: 'restoring' } },
    passingAgain: { after: { moment: 'passing' } },
    profile: {
      entry: { type: 'step', params: { step: 'profile' } },
      invoke: {
        id: 'setProfile',
        src: 'setProfile',
        input: ({ context }) => deploymentIn(context),
        onDone: 'loader',
        onError: {
          target: 'leaving',
          actions: { type: 'keepFault', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    loader: {
      entry: { type: 'step', params: { step: 'loader' } },
      invoke: {
        id: 'installLoader',
        src: 'installLoader',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: 'finishing',
          actions: { type: 'keepLoader', params: ({ event }) => ({ installed: event.output }) },
        },
        onError: {
          target: 'leaving',
          actions: { type: 'keepFault', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    // What is left is what the next deployment begins with, and goes back to.
    leaving: {
      invoke: {
        id: 'look',
        src: 'look',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: '#reconciler.pipeline.settled',
          actions: [
            { type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) },
            'leaveUncommitted',
          ],
        },
        onError: { target: '#reconciler.pipeline.settled', actions: 'leaveUncommitted' },
      },
    },
    finishing: {
      invoke: {
        id: 'finish',
        src: 'finish',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: '#reconciler.pipeline.settled',
          actions: [{ type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) }, 'commit'],
        },
        onError: { target: '#reconciler.pipeline.settled', actions: 'commit' },
      },
    },
  },
});
