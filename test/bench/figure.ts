/** One measured quantity: abide's beside the baseline of the same run, every sample of each. */
export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 'bytes' | 'MiB' | 's' | 'per minute';
  readonly abide: readonly number[];
  readonly baselineName: string;
  readonly baseline: readonly number[];
  /** null where nothing is promised. */
  readonly aim: Aim | null;
}

/** What is wanted of the two medians. */
export interface Aim {
  readonly text: string;
  readonly met: (abide: number, baseline: number) => boolean;
}

/** The middle one; with an even count the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}

/** `median (least to most)` with as many digits as the size deserves. */
export function spread(samples: readonly number[]): string {
  const middle = digits(median(samples));
  if (samples.length === 1) return middle;
  return `${middle} (${digits(Math.min(...samples))} to ${digits(Math.max(...samples))})`;
}

/** Whether the aim is met, in words for a table. */
export function judged({ aim, abide, baseline }: Figure): string {
  if (!aim) return 'none';
  return `${aim.text}: ${aim.met(median(abide), median(baseline)) ? 'met' : 'NOT met'}`;
}

/** The rows of one Markdown table, aligned so that a terminal shows it well too. */
export function figureTable(figures: readonly Figure[]): string {
  const head = ['figure', 'unit', 'abide', 'baseline', 'the baseline is', 'ratio', 'aim'];
  const rows = figures.map((figure) => [
    figure.name,
    figure.unit,
    spread(figure.abide),
    spread(figure.baseline),
    figure.baselineName,
    ratio(figure),
    judged(figure),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function ratio({ abide, baseline }: Figure): string {
  const bare = median(baseline);
  return bare === 0 ? '' : (median(abide) / bare).toFixed(2);
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
