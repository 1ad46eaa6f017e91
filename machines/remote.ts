import { assign, sendParent, setup } from 'xstate';
import { backoffMs } from '../src/domain/backoff.ts';
import { firstPollDelay, pollDelay } from '../src/domain/poll-delay.ts';
import { toProblem, type Problem } from '../src/domain/problem.ts';
import type { Fetched } from '../src/domain/fetched.ts';
import type { RemoteHealth, RemoteOffer } from '../src/domain/remote.ts';
import { missing } from './missing.ts';

/** What a remote's machine needs to know. */
export interface RemoteInput {
  readonly name: string;
  /** Between two polls, in milliseconds. */
  readonly pollMs: number;
  readonly machineId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Poll now; a token comes back with the report of a poll that began after it. */
export interface RemoteEvent {
  readonly type: 'poll';
  readonly token?: string;
}

/** What a remote tells its parent after every poll. */
export type RemoteReport =
  | {
      readonly type: 'remote.offered';
      readonly offer: RemoteOffer;
      readonly health: RemoteHealth;
      readonly token: string | null;
    }
  | {
      readonly type: 'remote.failed';
      readonly remote: string;
      readonly health: RemoteHealth;
      readonly token: string | null;
    };

interface RemoteContext extends RemoteInput {
  readonly health: RemoteHealth;
  readonly polls: number;
  /** The request that the running poll serves. */
  readonly token: string | null;
  readonly askedToken: string | null;
  readonly again: boolean;
  readonly fetched: Fetched | null;
  /** Until the next poll, in milliseconds. */
  readonly delayMs: number;
}

/**
 * One remote: fetch, verify, report, wait. Its period, backoff and time limit are its own, so that a remote that hangs
 * delays nobody. The first poll is at once, the second at this host's phase, the rest with jitter.
 */
export const remoteMachine = setup({
  types: { input: {} as RemoteInput, context: {} as RemoteContext, events: {} as RemoteEvent },
  actors: {
    fetch: missing<Fetched, string>('fetch'),
    verify: missing<RemoteOffer, Fetched | null>('verify'),
  },
  guards: { again: ({ context }) => context.again },
  delays: { delay: ({ context }) => context.delayMs },
  actions: {
    begin: assign(({ context }) => ({
      token: context.askedToken,
      askedToken: null,
      again: false,
      polls: context.polls + 1,
      health: { ...context.health, lastAttempt: context.now() },
    })),
    ask: assign(({ context, event }) => ({
      askedToken: event.type === 'poll' ? (event.token ?? context.askedToken) : context.askedToken,
    })),
    askAgain: assign(({ context, event }) => ({
      askedToken: event.type === 'poll' ? (event.token ?? context.askedToken) : context.askedToken,
      again: true,
    })),
    keepFetched: assign({ fetched: (_, { fetched }: { fetched: Fetched }) => fetched }),
    succeed: assign(({ context }) => healthy(context, delayOf(context))),
    fail: assign(({ context }, { problem }: { problem: Problem }) => failing(context, problem)),
  },
}).createMachine({
  id: 'remote',
  context: ({ input }) => ({
    ...input,
    health: unknownHealth,
    polls: 0,
    token: null,
    askedToken: null,
    again: false,
    fetched: null,
    delayMs: 0,
  }),
  initial: 'fetching',
  states: {
    fetching: {
      entry: 'begin',
      on: { poll: { actions: 'askAgain' } },
      invoke: {
        id: 'fetch',
        src: 'fetch',
        input: ({ context }) => context.name,
        onDone: {
          target: 'verifying',
          actions: { type: 'keepFetched', params: ({ event }) => ({ fetched: event.output }) },
        },
        onError: {
          target: 'failing',
          actions: { type: 'fail', params: ({ event }) => ({ problem: toProblem(event.error) }) },
        },
      },
    },
    verifying: {
      on: { poll: { actions: 'askAgain' } },
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => context.fetched,
        onDone: {
          target: 'waiting',
          actions: [
            'succeed',
            sendParent(({ context, event }): RemoteReport => ({
              type: 'remote.offered',
              offer: event.output,
              health: context.health,
              token: context.token,
            })),
          ],
        },
        onError: {
          target: 'failing',
          actions: { type: 'fail', params: ({ event }) => ({ problem: toProblem(event.error) }) },
        },
      },
    },
    waiting: {
      always: { guard: 'again', target: 'fetching' },
      after: { delay: 'fetching' },
      on: { poll: { target: 'fetching', actions: 'ask' } },
    },
    failing: {
      entry: sendParent(({ context }): RemoteReport => ({
        type: 'remote.failed',
        remote: context.name,
        health: context.health,
        token: context.token,
      })),
      always: { guard: 'again', target: 'fetching' },
      after: { delay: 'fetching' },
      on: { poll: { target: 'fetching', actions: 'ask' } },
    },
  },
});

const unknownHealth: RemoteHealth = {
  up: null,
  lastAttempt: null,
  lastSuccess: null,
  error: null,
  failures: 0,
  nextPoll: null,
};

function healthy(context: RemoteContext, delayMs: number) {
  const now = context.now();
  const health = {
    ...context.health,
    up: true,
    lastSuccess: now,
    error: null,
    failures: 0,
    nextPoll: now + delayMs,
  };
  return { delayMs, health };
}

function failing(context: RemoteContext, { code, message }: Problem) {
  const failures = context.health.failures + 1;
  const delayMs = backoffOf(context, failures);
  const nextPoll = context.now() + delayMs;
  return { delayMs, health: { ...context.health, up: false, error: { code, message }, failures, nextPoll } };
}

function delayOf({ polls, name: remote, machineId, pollMs, random }: RemoteContext): number {
  return polls <= 1 ? firstPollDelay({ machineId, remote, pollMs }) : pollDelay({ pollMs, random });
}

/** The usual backoff, but a remote that is polled often is tried again sooner at first. */
function backoffOf({ pollMs, random }: RemoteContext, failures: number): number {
  const usual = backoffMs({ class: 'fetch', row: failures, random });
  return Math.max(1000, Math.min(usual, pollMs * 2 ** Math.min(failures, 20)));
}
