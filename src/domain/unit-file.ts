/**
 * The command line that a service starts, by the texts of its unit and drop-ins in their order; null where there is none, or
 * more than one. Specifiers and variables stay as they are written.
 */
export function commandOf(texts: readonly string[]): readonly string[] | null {
  const lines = texts.flatMap(serviceLines).flatMap((line) => /^ExecStart\s*=\s*(.*)$/.exec(line)?.[1] ?? []);
  const since = lines.lastIndexOf('') + 1;
  const [only, ...others] = lines.slice(since);
  return only === undefined || others.length > 0 ? null : argvOf(only);
}

/** Lines of [Service], with continued lines joined and without comments. */
function serviceLines(text: string): readonly string[] {
  let section = '';
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => {
      section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
      return section === 'Service' && line !== '' && !/^[#;[]/.test(line);
    });
}

/** `@` says that the second word is only a name for the program. */
function argvOf(line: string): readonly string[] | null {
  const [, prefixes = '', rest = ''] = /^([-@:+!|]*)(.*)$/.exec(line) ?? [];
  const [program, ...others] = wordsOf(rest);
  if (program === undefined) return null;
  return [program, ...(prefixes.includes('@') ? others.slice(1) : others)];
}

const quotedWord = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)+)/g;

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(quotedWord)].map(([, double, single, bare]) =>
    (double ?? single ?? bare ?? '')
      .replaceAll(/\\x([0-9A-Fa-f]{2})/g, (_, code: string) =>
        String.fromCodePoint(Number.parseInt(code, 16)),
      )
      .replaceAll(String.raw`\s`, ' ')
      .replaceAll(/\\(.)/g, '$1')
      .replaceAll('%%', '%')
      .replaceAll('$$', '$'),
  );
}
