const kept = 200;
const mark = 'rejected ';

/** Which refused heads were counted already; survives restarts, or each restart would raise the alarm again. */
export interface CountedRejections {
  /** True the first time a commit of a remote is refused. */
  readonly isNew: (remote: string, commit: string) => boolean;
  readonly dump: () => Record<string, number>;
  readonly restore: (values: Readonly<Record<string, number>>) => void;
}

/** No refused head was counted yet; the newest 200 are remembered. */
export function createCountedRejections(): CountedRejections {
  const counted = new Set<string>();
  const add = (key: string) => {
    counted.add(key);
    const [oldest] = counted;
    if (counted.size > kept && oldest !== undefined) counted.delete(oldest);
  };
  return {
    isNew: (remote, commit) => {
      const key = `${mark}${remote} ${commit}`;
      if (counted.has(key)) return false;
      add(key);
      return true;
    },
    dump: () => Object.fromEntries([...counted].map((key) => [key, 1])),
    restore: (values) => {
      for (const key of Object.keys(values)) if (key.startsWith(mark)) add(key);
    },
  };
}
