const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const narrow = /^[\u0020-\u02ff]*$/;
const combining = /\p{M}/u;

/** Columns of a terminal that a text without control characters takes. */
export function textWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += wide.test(char) ? 2 : combining.test(char) ? 0 : 1;
  return width;
}

/** The text, cut to `width` columns with a mark where something is missing. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${headOf(text, width - 1).trimEnd()}…`;
}

/** The text with spaces up to `width` columns. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** The text in lines of at most `width` columns; a longer word stays whole, so that paths and addresses can be copied. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function headOf(text: string, width: number): string {
  let head = '';
  let taken = 0;
  for (const char of text) {
    taken += textWidth(char);
    if (taken > width) break;
    head += char;
  }
  return head;
}
