import { hookFault } from '../src/domain/hook.ts';
import { toProblem } from '../src/domain/problem.ts';
import { owedOrder } from './hooking.ts';
import { reconcilerSetup } from './reconciler-setup.ts';

/** Runs the hooks that ended deployments are owed, one after the other and beside all else: none holds the loop up. */
export const owing = reconcilerSetup.createStateConfig({
  initial: 'idle',
  states: {
    idle: {
      always: [
        { guard: 'hookIsOwed', target: 'running' },
        { guard: 'hookIsForgotten', actions: { type: 'settleHook', params: { fault: null } } },
      ],
    },
    running: {
      invoke: {
        id: 'runHook',
        src: 'runHook',
        input: ({ context }) => owedOrder(context),
        onDone: {
          target: 'idle',
          actions: { type: 'settleHook', params: ({ event }) => ({ fault: hookFault(event.output) }) },
        },
        onError: {
          target: 'idle',
          actions: { type: 'settleHook', params: ({ event }) => ({ fault: toProblem(event.error).message }) },
        },
      },
    },
  },
});
