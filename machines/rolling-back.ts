import { deploymentIn } from './in-context.ts';
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
          target: '#reconciler.pipeline.settled',
          actions: [
            { type: 'keepObserved', params: ({ event }) => ({ observed: event.output.observed }) },
            { type: 'recordRollback', params: ({ event }) => ({ went: event.output }) },
          ],
        },
        onError: {
          target: 'pausing',
          actions: { type: 'rollbackFailed', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    pausing: { after: { rollbackRetry: 'running' } },
  },
});
