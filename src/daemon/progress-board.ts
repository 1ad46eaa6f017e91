import type { OnProgress, Progress } from '../domain/evaluation.ts';

/** The newest line of long work, and since when its phase runs. */
export interface ProgressBoard {
  readonly post: OnProgress;
  readonly current: () => (Progress & { readonly since: number }) | null;
}

/** A board that is empty; `onPost` is called after every line, `now` is epoch milliseconds. */
export function createProgressBoard(onPost: () => void, now: () => number): ProgressBoard {
  let current: (Progress & { readonly since: number }) | null = null;
  return {
    post: (progress) => {
      const since = current?.phase === progress.phase ? current.since : now();
      current = { ...progress, since };
      onPost();
    },
    current: () => current,
  };
}
