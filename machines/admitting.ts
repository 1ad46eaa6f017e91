import { hookFault, orderBefore } from '../src/domain/hook.ts';
import { toProblem } from '../src/domain/problem.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';
import { whenSuperseded } from './work.ts';

/** Asks hooks.preActivate before anything changes on the host; left at once when another commit becomes desired. */
export const admitting = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('gate'),
  always: [whenSuperseded, { guard: 'shut', target: 'gating' }],
  invoke: {
    id: 'admit',
    src: 'admit',
    input: ({ context }) => orderBefore(context),
    onDone: [
      {
        guard: { type: 'hookIsFine', params: ({ event }) => ({ result: event.output }) },
        target: 'gating',
        actions: 'admit',
      },
      {
        target: 'gating',
        actions: { type: 'waitForHook', params: ({ event }) => ({ fault: hookFault(event.output) ?? '' }) },
      },
    ],
    onError: {
      target: 'gating',
      actions: { type: 'waitForHook', params: ({ event }) => ({ fault: toProblem(event.error).message }) },
    },
  },
});
