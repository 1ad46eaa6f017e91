import { toProblem } from '../src/domain/problem.ts';
import { deploymentIn } from './in-context.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

const lostToplevel = {
  reason: 'HealthCheckFailed',
  message: 'another system was activated while the new one was on probation',
};

/** Looks whether the new system proves itself before the boot default moves. */
export const probation = reconcilerSetup.createStateConfig({
  entry: ['startPhase', { type: 'step', params: { step: 'probation' } }],
  exit: endOf('probation'),
  invoke: {
    id: 'probe',
    src: 'probe',
    input: ({ context }) => deploymentIn(context),
    onDone: [
      {
        guard: { type: 'stillRuns', params: ({ event }) => ({ observed: event.output }) },
        target: 'committing',
        actions: { type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) },
      },
      {
        guard: 'hasWayBack',
        target: 'rollingBack',
        actions: [
          { type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) },
          { type: 'blame', params: lostToplevel },
        ],
      },
      {
        target: 'settled',
        actions: [
          { type: 'keepObserved', params: ({ event }) => ({ observed: event.output }) },
          { type: 'blame', params: lostToplevel },
          'condemn',
        ],
      },
    ],
    onError: [
      {
        guard: 'hasWayBack',
        target: 'rollingBack',
        actions: { type: 'blame', params: ({ event }) => failedProbe(event.error) },
      },
      {
        target: 'settled',
        actions: [{ type: 'blame', params: ({ event }) => failedProbe(event.error) }, 'condemn'],
      },
    ],
  },
});

function failedProbe(error: unknown) {
  return { reason: 'HealthCheckFailed', message: toProblem(error).message };
}
