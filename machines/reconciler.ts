import { activating } from './activating.ts';
import { admitting } from './admitting.ts';
import { committing } from './committing.ts';
import { question } from './hearing.ts';
import { owing } from './owing.ts';
import { probation } from './probation.ts';
import { cutOffTwice } from './proving.ts';
import { reconcilerSetup } from './reconciler-setup.ts';
import { recovering } from './recovering.ts';
import { rollingBack } from './rolling-back.ts';
import { building, evaluating, gating } from './work.ts';
import { begun } from './working.ts';

/**
 * The level-triggered loop. Events only record facts or wishes; what happens next is decided by guards that look at
 * desired and observed afresh, so that no event can be missed and a restart needs nothing but the journal. States that
 * change the host (activating, committing, rollingBack) have no way out but their own end.
 */
export const reconcilerMachine = reconcilerSetup.createMachine({
  id: 'reconciler',
  context: ({ input }) => begun(input),
  entry: 'spawnChildren',
  type: 'parallel',
  on: {
    'remote.offered': { actions: 'hear' },
    'remote.failed': { actions: 'hear' },
    'host.observed': { actions: 'hear' },
    'host.unobservable': { actions: 'hear' },
    'remote.moved': { actions: { type: 'pollRemote', params: ({ event }) => ({ remote: event.remote }) } },
    reconcile: { actions: { type: 'lookEverywhere', params: ({ event }) => ({ token: event.token }) } },
    suspend: { actions: 'obey' },
    resume: { actions: 'obey' },
    retry: { actions: 'obey' },
    confirm: { actions: 'obey' },
    reject: { actions: 'obey' },
    rollback: { actions: 'obey' },
    accept: { actions: ['obey', 'pollAll'] },
  },
  states: {
    mode: {
      initial: 'active',
      states: {
        active: { always: { guard: 'suspended', target: 'suspended' } },
        suspended: {
          always: { guard: 'resumed', target: 'active' },
          after: {
            suspension: [
              { guard: 'suspensionOver', actions: 'endSuspension' },
              { target: 'suspended', reenter: true },
            ],
          },
        },
      },
    },
    source: {
      initial: 'known',
      states: {
        known: {
          always: [
            { guard: 'unassessed', target: 'assessing' },
            { guard: 'servable', actions: 'serve' },
          ],
        },
        assessing: {
          entry: 'startAssessing',
          always: { guard: 'assessingOther', target: 'assessing', reenter: true },
          invoke: {
            id: 'assess',
            src: 'assess',
            input: ({ context }) => question(context),
            onDone: {
              target: 'known',
              actions: { type: 'assess', params: ({ event }) => ({ ancestry: event.output }) },
            },
            onError: {
              target: 'unknown',
              actions: { type: 'assessmentFailed', params: ({ event }) => ({ error: event.error }) },
            },
          },
        },
        unknown: { after: { mirrorRetry: 'known' } },
      },
    },
    hooks: owing,
    recovery: recovering,
    pipeline: {
      initial: 'observing',
      states: {
        observing: { always: { guard: 'observed', target: 'settled' } },
        settled: {
          entry: 'rest',
          always: [
            {
              guard: { type: 'decidesTo', params: { what: 'interrupt' } },
              target: 'settled',
              reenter: true,
              actions: 'interrupt',
            },
            {
              guard: { type: 'decidesTo', params: { what: 'restore' } },
              target: 'committing.restoring',
              actions: 'adopt',
            },
            {
              guard: { type: 'decidesTo', params: { what: 'undo' } },
              target: 'rollingBack',
              actions: ['adopt', { type: 'blame', params: cutOffTwice }],
            },
            {
              guard: { type: 'decidesTo', params: { what: 'fellBack' } },
              target: 'rollingBack',
              actions: 'beginFallingBack',
            },
            {
              guard: { type: 'decidesTo', params: { what: 'prove' } },
              target: 'activating',
              actions: 'beginProving',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['prepare', 'arm'] } },
              target: 'activating',
              actions: 'adopt',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['preflight'] } },
              target: 'activating.comparing',
              actions: 'adopt',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['switch', 'look'] } },
              target: 'activating.switching',
              actions: 'adopt',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['probation'] } },
              target: 'probation',
              actions: 'adopt',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['passed', 'profile', 'loader'] } },
              target: 'committing',
              actions: 'adopt',
            },
            {
              guard: { type: 'resumesAt', params: { steps: ['rollback'] } },
              target: 'rollingBack',
              actions: 'adopt',
            },
            {
              guard: { type: 'next', params: { is: 'goBack' } },
              target: 'gating',
              actions: ['aim', 'planBack'],
            },
            { guard: { type: 'next', params: { is: 'work' } }, target: 'evaluating', actions: 'aim' },
            { guard: { type: 'next', params: { is: 'backoff' } }, target: 'backoff', actions: 'aim' },
            { guard: { type: 'next', params: { is: 'stall' } }, target: 'stalled', actions: 'aim' },
          ],
        },
        evaluating,
        building,
        gating,
        admitting,
        activating,
        probation,
        committing,
        rollingBack,
        backoff: {
          always: [
            { guard: 'asked', target: 'settled' },
            { guard: 'superseded', target: 'settled' },
          ],
          after: { failure: 'settled' },
        },
        stalled: {
          always: [
            { guard: 'asked', target: 'settled' },
            { guard: 'superseded', target: 'settled' },
          ],
          after: { failure: 'settled' },
        },
      },
    },
  },
});
