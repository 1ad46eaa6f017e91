import { deploymentIn } from './in-context.ts';
import { reconcilerSetup } from './reconciler-setup.ts';

/** This process is asked to end, so that the abide that the new system starts decides on it. */
export const handingOver = reconcilerSetup.createStateConfig({
  entry: 'tellHandover',
  invoke: {
    id: 'handOver',
    src: 'handOver',
    input: ({ context }) => deploymentIn(context),
    onDone: 'handedOver',
    onError: 'handedOver',
  },
});

/** The end is near; a process that is still there is asked again until the deadline, and the dead-man waits as well. */
export const handedOver = reconcilerSetup.createStateConfig({ after: { handOverAgain: 'deciding' } });
