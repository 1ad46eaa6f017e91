/** What a command sees of the world: where the daemon is, how to print, what time it is. */
export interface Terminal {
  /** Path of the control socket. */
  readonly socket: string;
  readonly json: boolean;
  readonly color: boolean;
  /** Columns of the page. */
  readonly width: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Prints to standard output and ends the line. */
  readonly out: (text: string) => void;
  /** Prints to standard error and ends the line. */
  readonly err: (text: string) => void;
}

/** The global options, wherever on the line they stood. */
export interface GlobalOptions {
  readonly socket?: string | undefined;
  readonly json?: boolean | undefined;
  /** False for --no-color. */
  readonly color?: boolean | undefined;
}

/** Where the daemon's socket is unless the config or --socket says otherwise. */
export const defaultSocket = '/run/abide/abide.sock';

const narrowest = 40;
const widest = 140;

/** This process's terminal. Whether NO_COLOR is set is asked of Node, which honours it. */
export function openTerminal({ socket, json, color }: GlobalOptions): Terminal {
  const { stdout, stderr } = process;
  // A reader that has seen enough (head, less) is no error.
  stdout.on('error', () => process.exit(0));
  return {
    socket: socket ?? defaultSocket,
    json: json ?? false,
    color: color !== false && stdout.isTTY && stdout.hasColors(),
    width: Math.min(widest, Math.max(narrowest, stdout.columns ?? 80)),
    now: Date.now,
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
  };
}
