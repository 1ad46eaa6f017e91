import { pino, type DestinationStream, type Level } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Log, LogFields } from './domain/log.ts';
import { plainText } from './domain/plain-text.ts';
import { Problem, toProblem } from './domain/problem.ts';

/** How and where lines go. */
export interface LogOptions {
  /** The least level that is written; `silent` writes nothing. */
  readonly level: Level | 'silent';
  /** Coloured lines for a terminal instead of NDJSON. */
  readonly pretty: boolean;
  /** Default standard output; tests give their own. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * A log of one JSON object per line with `time` (RFC 3339), `level`, `msg` and the fields given. Lines are written at once,
 * so that none is lost at an exit, and neither message nor fields ever carry control or bidi characters to a terminal.
 */
export function createLog({ level, pretty, stream }: LogOptions): Log {
  const out = stream ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (err: unknown) => err },
    },
    pretty ? prettyStream(out) : out,
  );
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, message: string) => {
    if (logger.isLevelEnabled(name)) logger[name](plainFields(fields), plainText(message, maxMessage));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const maxMessage = 4000;
const maxDepth = 6;

/** A stream and no worker: a worker's file would not be in the bundle. */
function prettyStream(destination: DestinationStream | NodeJS.WritableStream): DestinationStream {
  return PinoPretty({
    destination: destination as NodeJS.WritableStream,
    colorize: true,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'event',
  });
}

function plainFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, key === 'err' ? plainError(value) : plain(value, 0)]),
  );
}

/** Code, message and the tool's last lines; the stack only of what nobody foresaw, because there it is the one clue. */
function plainError(error: unknown): unknown {
  // What events tell of a failure is data already.
  if (typeof error === 'object' && error !== null && !(error instanceof Error)) return plain(error, 0);
  const { code, message, log, cause } = toProblem(error);
  const origin = cause instanceof Error ? cause : error;
  const unforeseen = code === 'unexpected' && origin instanceof Error && !(origin instanceof Problem);
  return plain({ code, message, log, ...(unforeseen ? { stack: origin.stack?.split('\n') } : {}) }, 0);
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainText(value, maxMessage);
  if (value instanceof Error) return plainError(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}
