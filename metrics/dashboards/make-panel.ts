import { colors } from './words.ts';
import type { Graph, Query, Stat, Timeline, Words } from './panel.ts';

/** What stands at the head of a panel. */
export interface Head {
  readonly id: number;
  readonly title: string;
  readonly description: string;
}

/** Bars on a third of the width, unless said otherwise. */
export function graph(head: Head, query: Query, more: Partial<Omit<Graph, keyof Head | 'kind'>> = {}): Graph {
  return {
    kind: 'graph',
    ...head,
    width: 8,
    height: 7,
    unit: 'none',
    style: 'bars',
    queries: [query],
    ...more,
  };
}

/** One small value in a calm colour, unless said otherwise. */
export function stat(head: Head, query: Query, more: Partial<Omit<Stat, keyof Head | 'kind'>> = {}): Stat {
  const steps = [[null, colors.busy]] as const;
  return {
    kind: 'stat',
    ...head,
    width: 4,
    height: 4,
    unit: 'none',
    shows: 'value',
    steps,
    queries: [query],
    ...more,
  };
}

/** Stretches of time on half the width. */
export function timeline(head: Head, query: Query, words: Words, height = 7): Timeline {
  return { kind: 'timeline', ...head, width: 12, height, unit: 'none', words, queries: [query] };
}
