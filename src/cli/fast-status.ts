import type { StatusOptions } from './status.ts';
import type { GlobalOptions } from './terminal.ts';

type StatusLine = GlobalOptions & StatusOptions;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const flags: Readonly<Record<string, Partial<StatusLine>>> = {
  '--json': { json: true },
  '--no-color': { color: false },
  '--oneline': { oneline: true },
  '--exit-code': { exitCode: true },
};

/**
 * The options of a line that is `status` with known flags and nothing else; null for every other line. Lets the most
 * used command start without the parser for all of them.
 */
export function fastStatus(argv: readonly string[]): StatusLine | null {
  const found: Writable<StatusLine> = {};
  let isStatus = false;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    const socket = word === '--socket' ? argv[++index] : /^--socket=(.+)$/s.exec(word)?.[1];
    if (socket !== undefined && socket !== '') found.socket = socket;
    else if (flags[word]) Object.assign(found, flags[word]);
    else if (word === 'status' && !isStatus) isStatus = true;
    else return null;
  }
  return isStatus ? found : null;
}
