import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './config-error.ts';

/** The data of a YAML or JSON text; every syntax error at once, each with its line and column, as a ConfigError. */
export function parseConfigText(text: string, file: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, strict: true });
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    throw syntaxError(
      file,
      errors.map(({ message, pos }) => ({ message, ...lineCounter.linePos(pos[0]) })),
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw syntaxError(file, [{ message: error instanceof Error ? error.message : 'unreadable' }]);
  }
}

interface SyntaxFault {
  readonly message: string;
  readonly line?: number;
  readonly col?: number;
}

// The parser's message quotes no line of the file, so a secret near the error stays unseen.
function syntaxError(file: string, faults: readonly SyntaxFault[]): ConfigError {
  return new ConfigError(
    file,
    faults.map(({ message, line, col }) => ({
      path: [],
      found: null,
      message: `not valid YAML or JSON${line === undefined ? '' : ` at line ${line}, column ${col}`}: ${message}`,
    })),
  );
}
