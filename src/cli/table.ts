import type { Paint, Tone } from './paint.ts';
import { cutText, padText, textWidth } from './text-width.ts';

// What is left of a text in fewer columns says nothing.
const fewest = 4;

/** A cell's text, with what its colour means. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** The rows in aligned columns, two spaces apart; a row is cut where the page ends. */
export function renderTable(
  rows: readonly (readonly Cell[])[],
  width: number,
  paint: Paint,
): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => textWidth(row[column]?.text ?? ''))),
  );
  return rows.map((row) => {
    let room = width;
    const cells: string[] = [];
    for (const [column, { text, tone = 'plain' }] of row.entries()) {
      if (room < fewest) break;
      const size = Math.min(widths[column] ?? 0, room);
      cells.push(paint(tone, padText(cutText(text, size), column === columns - 1 ? 0 : size)));
      room -= size + 2;
    }
    return cells.join('  ').trimEnd();
  });
}
