import { not } from 'xstate';
import { reconcilerSetup } from './reconciler-setup.ts';
import { orderAgain } from './recovery.ts';
import { rebooting } from './rebooting.ts';

/** Well again, or something newer is deployed; leaving a look aborts it. */
const whenOver = { guard: not('unwell'), target: 'idle' } as const;

/** Looks each minute at a system that is unwell after its rollback, beside all else: no newer commit waits for it. */
export const recovering = reconcilerSetup.createStateConfig({
  initial: 'idle',
  states: {
    idle: { always: { guard: 'unwell', target: 'pausing' } },
    pausing: {
      always: [whenOver, { guard: 'rebootDue', target: 'rebooting' }],
      after: { rollbackRetry: 'looking' },
    },
    looking: {
      always: whenOver,
      invoke: {
        id: 'lookAgain',
        src: 'review',
        input: ({ context }) => orderAgain(context),
        onDone: {
          target: 'pausing',
          actions: { type: 'lookedAgain', params: ({ event }) => ({ after: event.output }) },
        },
        onError: 'pausing',
      },
    },
    rebooting,
  },
});
