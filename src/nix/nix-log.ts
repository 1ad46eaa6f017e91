import { plainText } from '../domain/plain-text.ts';
import { resultTypes, type NixEvent } from './internal-json.ts';

/** What a Nix child said, kept within bounds while it runs. */
export interface NixLog {
  readonly read: (event: NixEvent) => void;
  /** The last lines for people, sanitised. */
  readonly lines: () => readonly string[];
  /** The first error the tool reported, one sanitised line; null when it reported none. */
  readonly firstError: () => string | null;
  /** The error when Nix printed one without reporting it: it ran out of memory, or crashed. */
  readonly crash: () => string | null;
  /** What Nix itself said at its error level, sanitised; what a build printed is not in it. */
  readonly errors: () => readonly string[];
  readonly warnings: () => readonly string[];
  /** Lines of other programs (git, ssh, the garbage collector), sanitised. */
  readonly rawLines: () => readonly string[];
}

const keptLines = 50;
const longestLine = 500;
const errorLevel = 0;
const warningLevel = 1;
const infoLevel = 3;

/** One for each child; failures are worded from it. */
export function createNixLog(): NixLog {
  const lines = createTail();
  const errors = createTail();
  const warnings = createTail();
  const rawLines = createTail();
  let reported: string | null = null;
  let printed: string | null = null;
  const readMessage = ({ level, text, rawText }: Extract<NixEvent, { action: 'msg' }>) => {
    if (level <= infoLevel) lines.add(text);
    if (level === warningLevel) warnings.add(text);
    if (level !== errorLevel) return;
    errors.add(text);
    // raw_msg is the error itself; the text begins with the trace that led to it, and its form differs by version.
    if (rawText !== null) reported ??= errorLine(rawText);
    else printed ??= /error:/.test(text) ? firstLine(text) : null;
  };
  return {
    read: (event) => {
      if (event.action === 'msg') readMessage(event);
      if (event.action === 'raw') [lines, rawLines].forEach((tail) => tail.add(event.text));
      if (event.action === 'result' && event.type === resultTypes.buildLogLine) {
        lines.add(String(event.fields[0] ?? ''));
      }
    },
    lines: lines.all,
    crash: () => (reported === null ? printed : null),
    errors: errors.all,
    warnings: warnings.all,
    rawLines: rawLines.all,
    firstError: () =>
      reported ?? printed ?? rawLines.all().find((line) => /^(error|fatal):/.test(line)) ?? null,
  };
}

/** The last lines of a whole text, sanitised, indentation kept. */
export function lastLines(text: string): readonly string[] {
  const tail = createTail();
  tail.add(text);
  return tail.all();
}

function createTail() {
  let kept: string[] = [];
  return {
    add: (text: string) => {
      const fresh = text.split('\n').slice(-keptLines).map(plainLine);
      kept = [...kept, ...fresh.filter((line) => line !== '')].slice(-keptLines);
    },
    all: (): readonly string[] => kept,
  };
}

function plainLine(line: string): string {
  const indent = /^ {0,40}/.exec(line)?.[0] ?? '';
  const plain = plainText(line, longestLine);
  return plain === '' ? '' : indent + plain;
}

function errorLine(rawText: string): string {
  return `error: ${firstLine(rawText)}`;
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => plainText(line))
      .find((line) => line !== '' && line !== 'error:') ?? ''
  );
}
