import { assign, sendParent, setup } from 'xstate';
import type { Observed } from '../src/domain/observed.ts';
import { toProblem } from '../src/domain/problem.ts';
import { missing } from './missing.ts';

/** What the observer needs to know. */
export interface ObserverInput {
  /** Between two looks, in milliseconds. */
  readonly intervalMs: number;
}

/** Look now; a token comes back with the report of a look that began after it. */
export interface ObserverEvent {
  readonly type: 'look';
  readonly token?: string;
}

/** What the observer tells its parent. */
export type ObserverReport =
  | { readonly type: 'host.observed'; readonly observed: Observed; readonly token: string | null }
  | { readonly type: 'host.unobservable'; readonly message: string; readonly token: string | null };

/** Re-reads the host every `intervalMs` and whenever it is asked; never changes anything. */
export const observerMachine = setup({
  types: {
    input: {} as ObserverInput,
    context: {} as ObserverInput & { token: string | null; askedToken: string | null; again: boolean },
    events: {} as ObserverEvent,
  },
  actors: { observe: missing<Observed, undefined>('observe') },
  delays: { interval: ({ context }) => context.intervalMs },
  guards: { again: ({ context }) => context.again },
  actions: {
    begin: assign(({ context }) => ({ token: context.askedToken, askedToken: null, again: false })),
    ask: assign(({ context, event }) => ({ askedToken: event.token ?? context.askedToken })),
    askAgain: assign(({ context, event }) => ({
      askedToken: event.token ?? context.askedToken,
      again: true,
    })),
  },
}).createMachine({
  id: 'observer',
  context: ({ input }) => ({ ...input, token: null, askedToken: null, again: false }),
  initial: 'looking',
  states: {
    looking: {
      entry: 'begin',
      on: { look: { actions: 'askAgain' } },
      invoke: {
        id: 'observe',
        src: 'observe',
        input: undefined,
        onDone: {
          target: 'waiting',
          actions: sendParent(({ context, event }): ObserverReport => ({
            type: 'host.observed',
            observed: event.output,
            token: context.token,
          })),
        },
        onError: {
          target: 'waiting',
          actions: sendParent(({ context, event }): ObserverReport => ({
            type: 'host.unobservable',
            message: toProblem(event.error).message,
            token: context.token,
          })),
        },
      },
    },
    waiting: {
      always: { guard: 'again', target: 'looking' },
      after: { interval: 'looking' },
      on: { look: { target: 'looking', actions: 'ask' } },
    },
  },
});
