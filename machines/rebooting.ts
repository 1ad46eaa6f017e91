import { reconcilerSetup } from './reconciler-setup.ts';
import { undoneIn } from './recovery.ts';

/** Asks for a reboot, once for a deployment; where the host does not go down, the tries before it go on. */
export const rebooting = reconcilerSetup.createStateConfig({
  entry: 'noteReboot',
  invoke: {
    id: 'reboot',
    src: 'reboot',
    input: ({ context }) => undoneIn(context),
    onDone: 'pausing',
    onError: {
      target: 'pausing',
      actions: { type: 'rebootFailed', params: ({ event }) => ({ error: event.error }) },
    },
  },
});
