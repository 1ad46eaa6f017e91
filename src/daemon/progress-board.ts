import type { OnProgress, Progress } from '../domain/evaluation.ts';

/** The newest line of long work, and since when its phase runs. */
export interface ProgressBoard {
  readonly post: OnProgress;
  /** What the pipeline does. */
  readonly current: () => Posted | null;
  /** What is verified beside it; null when nothing is. */
  readonly verifying: () => Posted | null;
  /** From now on `listener` is called after every line. */
  listen(listener: () => void): void;
}

type Posted = Progress & { readonly since: number };

/** A board that is empty; `now` is epoch milliseconds. */
export function createProgressBoard(now: () => number): ProgressBoard {
  let current: Posted | null = null;
  let verifying: Posted | null = null;
  let tell = () => undefined as void;
  return {
    post: (progress) => {
      if (progress.phase === 'verify') {
        const isOver = progress.done === progress.expected;
        verifying = isOver ? null : { ...progress, since: verifying?.since ?? now() };
      } else {
        const since = current?.phase === progress.phase ? current.since : now();
        current = { ...progress, since };
      }
      tell();
    },
    current: () => current,
    verifying: () => verifying,
    listen: (listener) => {
      tell = listener;
    },
  };
}
