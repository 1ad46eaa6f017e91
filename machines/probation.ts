import { handedOver, handingOver } from './handing-over.ts';
import { probationFault, probeOrder, type ProbationEnd } from './probing.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

const blame = {
  type: 'blame',
  params: ({ context }: { context: ReconcilerContext }) => probationFault(context),
} as const;

/** Failed: back to the system before, or, where none ran, no further. */
const undone = (guard: ProbationEnd) =>
  [
    {
      guard: { type: 'undoable', params: { when: guard } },
      target: '#reconciler.pipeline.rollingBack',
      actions: blame,
    },
    { guard, target: '#reconciler.pipeline.settled', actions: [blame, 'condemn'] },
  ] as const;

/**
 * Looks whether the new system proves itself before the boot default moves: settles, then looks again and again until all
 * checks have held long enough, one fails for good, or the deadline comes.
 */
export const probation = reconcilerSetup.createStateConfig({
  entry: ['startPhase', { type: 'step', params: { step: 'probation' } }, 'beginProbation'],
  exit: endOf('probation'),
  initial: 'deciding',
  always: [...undone('rejected'), ...undone('probationOver')],
  states: {
    deciding: {
      entry: 'noticeSleep',
      always: [
        ...undone('probationFailed'),
        { guard: 'isForOther', target: 'handingOver' },
        {
          guard: { type: 'probationDoes', params: { what: 'pass' } },
          target: '#reconciler.pipeline.committing',
        },
        { guard: { type: 'probationDoes', params: { what: 'settle' } }, target: 'settling' },
        { guard: { type: 'probationDoes', params: { what: 'pause' } }, target: 'pausing' },
        { target: 'probing' },
      ],
    },
    handingOver,
    handedOver,
    settling: { after: { probation: 'deciding' } },
    probing: {
      invoke: {
        id: 'probe',
        src: 'probe',
        input: ({ context }) => probeOrder(context),
        onDone: {
          target: 'deciding',
          actions: { type: 'keepProbe', params: ({ event }) => ({ probe: event.output }) },
        },
        onError: {
          target: 'deciding',
          actions: { type: 'probeFailed', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    pausing: { after: { probation: 'deciding' } },
  },
});
