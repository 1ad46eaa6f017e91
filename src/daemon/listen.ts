import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';

const firstMs = 1000;
const longestMs = 60_000;

/** Listens, and when that fails says so once a minute at the most and tries again until it does: never an exit. */
export function keepListening(deps: {
  readonly what: string;
  readonly listen: () => Promise<unknown>;
  readonly log: Log;
  readonly signal: AbortSignal;
}): void {
  const attempt = (delayMs: number) => {
    deps.listen().catch((error: unknown) => {
      if (deps.signal.aborted) return;
      deps.log.error(
        { err: toProblem(error) },
        `${deps.what} cannot listen; it is tried again in ${delayMs / 1000} s`,
      );
      const timer = setTimeout(() => attempt(Math.min(delayMs * 2, longestMs)), delayMs);
      deps.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
  };
  attempt(firstMs);
}
