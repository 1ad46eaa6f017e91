import type { Summary } from '../domain/status.ts';
import { exitCodes } from './exit.ts';
import { jsonText } from './plain-data.ts';
import { readStatus } from './read-status.ts';
import { renderOneline, renderStatus } from './render-status.ts';
import type { Terminal } from './terminal.ts';

/** What `abide status` may be told besides the global options. */
export interface StatusOptions {
  readonly oneline?: boolean | undefined;
  /** The exit code tells the summary. */
  readonly exitCode?: boolean | undefined;
}

/** The exit codes of `--exit-code`, by summary. */
export const summaryExitCodes: Readonly<Record<Summary, number>> = {
  InSync: 0,
  Progressing: 10,
  Waiting: 10,
  Drifted: 11,
  Stalled: 12,
  Failed: 12,
  Suspended: 13,
  Unknown: 14,
};

/** `abide status`: what is, what should be, and why they differ. */
export async function status(terminal: Terminal, options: StatusOptions): Promise<number> {
  const { socket, json, color, width, now, out } = terminal;
  const found = await readStatus(socket);
  if (json) out(jsonText(found));
  else out(options.oneline ? renderOneline(found) : renderStatus(found, { now: now(), color, width }));
  return options.exitCode ? summaryExitCodes[found.summary] : exitCodes.done;
}
