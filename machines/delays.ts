import { retryIn } from '../src/domain/decide.ts';
import { suspensionLeft } from './obeying.ts';
import { probationPause } from './probing.ts';
import type { ReconcilerContext } from './reconciler-context.ts';

interface Waits {
  readonly context: ReconcilerContext;
}

const longestTimer = 2 ** 31 - 1;

/** How long the reconciler waits for what, in milliseconds; what waits for a time is never longer than a timer can be. */
export const delays = {
  suspension: ({ context }: Waits) => Math.min(suspensionLeft(context), longestTimer),
  gate: ({ context }: Waits) =>
    Math.max(0, (context.waiting?.nextCheck ?? context.now() + longestTimer) - context.now()),
  failure: ({ context }: Waits) => Math.min(retryIn(context, context.now()), longestTimer),
  probation: ({ context }: Waits) => probationPause(context),
  moment: 2000,
  mirrorRetry: 5000,
  rollbackRetry: 60_000,
  handOverAgain: 10_000,
};
