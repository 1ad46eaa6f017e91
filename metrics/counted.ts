const kept = 200;

/** What was counted already; survives restarts, or each restart would count it, and raise its alarm, again. */
export interface Counted {
  /** True the first time of a key. */
  readonly isNew: (key: string) => boolean;
  readonly has: (key: string) => boolean;
  readonly dump: () => Record<string, number>;
  readonly restore: (values: Readonly<Record<string, number>>) => void;
}

/** Nothing was counted yet; the newest 200 keys are remembered, in a dump by the mark before them. */
export function createCounted(mark: string): Counted {
  const counted = new Set<string>();
  const add = (key: string) => {
    counted.add(key);
    const [oldest] = counted;
    if (counted.size > kept && oldest !== undefined) counted.delete(oldest);
  };
  return {
    isNew: (key) => {
      if (counted.has(key)) return false;
      add(key);
      return true;
    },
    has: (key) => counted.has(key),
    dump: () => Object.fromEntries([...counted].map((key) => [`${mark} ${key}`, 1])),
    restore: (values) => {
      for (const key of Object.keys(values)) if (key.startsWith(`${mark} `)) add(key.slice(mark.length + 1));
    },
  };
}
