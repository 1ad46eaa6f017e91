import type { Paint, Tone } from './paint.ts';
import { cutText, padText, wrapText } from './text-width.ts';

/** One labelled piece of a page for people. */
export interface Row {
  /** Empty: goes on under the label above. */
  readonly label: string;
  /** Wrapped to the page. */
  readonly text: string;
  readonly tone?: Tone;
  /** One line only, cut where the page ends. */
  readonly cut?: boolean;
}

const labelWidth = 14;

/** The rows as lines of at most `width` columns, texts aligned after their labels. */
export function renderRows(rows: readonly Row[], width: number, paint: Paint): readonly string[] {
  return rows.flatMap(({ label, text, tone = 'plain', cut = false }) => {
    const room = width - labelWidth;
    const lines = cut ? [cutText(text, room)] : wrapText(text, room);
    return lines.map((line, index) => {
      const left = padText(index === 0 ? label : '', labelWidth);
      return `${paint('quiet', left)}${paint(tone, line)}`.trimEnd();
    });
  });
}

/** A tool's log under a message: set off, cut where the page ends. */
export function logRows(log: readonly string[]): readonly Row[] {
  return log.map((line) => ({ label: '', text: `| ${line}`, tone: 'quiet', cut: true }));
}
