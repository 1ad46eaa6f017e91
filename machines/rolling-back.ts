import { deploymentIn } from './in-context.ts';
import { reviewOrder } from './probing.ts';
import { rebooting } from './rebooting.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

/** Goes back to the previous system until it runs; has no way out but its own end. */
export const rollingBack = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('rollback'),
  initial: 'running',
  states: {
    running: {
      entry: { type: 'step', params: { step: 'rollback' } },
      invoke: {
        id: 'rollBack',
        src: 'rollBack',
        input: ({ context }) => deploymentIn(context),
        onDone: {
          target: 'reviewing',
          actions: { type: 'keepWent', params: ({ event }) => ({ went: event.output }) },
        },
        onError: {
          target: 'pausing',
          actions: { type: 'rollbackFailed', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    reviewing: {
      invoke: {
        id: 'review',
        src: 'review',
        input: ({ context }) => reviewOrder(context),
        onDone: [
          {
            guard: { type: 'networkLost', params: ({ event }) => ({ after: event.output }) },
            target: '#reconciler.pipeline.settled',
            actions: 'recordExoneration',
          },
          {
            target: '#reconciler.pipeline.settled',
            actions: { type: 'recordRollback', params: ({ event }) => ({ after: event.output }) },
          },
        ],
        onError: {
          target: '#reconciler.pipeline.settled',
          actions: { type: 'recordRollback', params: { after: [] } },
        },
      },
    },
    pausing: {
      always: { guard: 'rebootDue', target: 'rebooting' },
      after: { rollbackRetry: 'running' },
    },
    rebooting,
  },
});
