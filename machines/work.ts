import { and, not } from 'xstate';
import { planIn, targetIn } from './in-context.ts';
import { endOf, reconcilerSetup } from './reconciler-setup.ts';

/** Leaves work that is no longer wanted; leaving aborts it. */
export const whenSuperseded = { guard: 'superseded', target: 'settled', actions: 'supersede' } as const;

/** Finds out what the target gives for this host; left at once when another commit becomes desired. */
export const evaluating = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('evaluate'),
  always: whenSuperseded,
  invoke: {
    id: 'evaluate',
    src: 'evaluate',
    input: ({ context }) => targetIn(context),
    onDone: [
      {
        guard: { type: 'leadsTo', params: ({ event }) => ({ evaluation: event.output, to: 'gate' }) },
        target: 'gating',
        actions: { type: 'keepEvaluation', params: ({ event }) => ({ evaluation: event.output }) },
      },
      {
        guard: { type: 'leadsTo', params: ({ event }) => ({ evaluation: event.output, to: 'stall' }) },
        target: 'settled',
        actions: [
          { type: 'keepEvaluation', params: ({ event }) => ({ evaluation: event.output }) },
          'refuse',
        ],
      },
      {
        guard: { type: 'leadsTo', params: ({ event }) => ({ evaluation: event.output, to: 'record' }) },
        target: 'settled',
        actions: [
          { type: 'keepEvaluation', params: ({ event }) => ({ evaluation: event.output }) },
          'recordNoChange',
        ],
      },
      {
        target: 'building',
        actions: { type: 'keepEvaluation', params: ({ event }) => ({ evaluation: event.output }) },
      },
    ],
    onError: {
      target: 'settled',
      actions: { type: 'fail', params: ({ event }) => ({ phase: 'evaluate', error: event.error }) },
    },
  },
});

/** Brings the toplevel into the store, with a root, and looks into it; left at once when another commit becomes desired. */
export const building = reconcilerSetup.createStateConfig({
  entry: 'startPhase',
  exit: endOf('build'),
  always: whenSuperseded,
  invoke: {
    id: 'realise',
    src: 'realise',
    input: ({ context }) => planIn(context),
    onDone: {
      target: 'gating',
      actions: { type: 'keepBuilt', params: ({ event }) => ({ inspection: event.output }) },
    },
    onError: [
      {
        guard: { type: 'waits', params: ({ event }) => ({ error: event.error }) },
        target: 'gating',
        actions: { type: 'waitForCache', params: ({ event }) => ({ error: event.error }) },
      },
      {
        target: 'settled',
        actions: { type: 'fail', params: ({ event }) => ({ phase: 'build', error: event.error }) },
      },
    ],
  },
});

/** Waits while something says not now, and until all that was heard is assessed; left at once when another commit becomes desired. */
export const gating = reconcilerSetup.createStateConfig({
  entry: ['startPhase', 'gate'],
  exit: endOf('gate'),
  always: [
    whenSuperseded,
    { guard: 'givenUp', target: 'settled' },
    { guard: 'openedMeanwhile', target: 'gating', reenter: true },
    { guard: and([not('shut'), not('inspected')]), target: 'building' },
    { guard: and(['fresh', not('shut'), 'onlyCommit']), target: 'committing', actions: 'begin' },
    { guard: and(['fresh', not('shut'), 'admitted']), target: 'activating', actions: 'begin' },
    { guard: and(['fresh', not('shut')]), target: 'admitting' },
  ],
  after: { gate: { target: 'gating', reenter: true } },
});
