import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../src/domain/log.ts';

/** What keeps a textfile fresh. */
export interface TextfileDeps {
  /** Ends in `.prom`, or node_exporter does not read it. */
  readonly file: string;
  /** null: there is nothing worth telling yet, and what was told before stays. */
  readonly scrape: () => Promise<string> | null;
  readonly everyMs: number;
  readonly log: Log;
}

/**
 * Keeps the metrics in a file for node_exporter's textfile collector, where nothing may listen. A directory that is not there is
 * said once and tried again for ever; what cannot be written never ends the process. The last file stays when abide ends: its age
 * is how a host without abide is noticed. The result ends the writing once the last write is over.
 */
export function keepTextfile(deps: TextfileDeps): { close(): Promise<void> } {
  let failed = false;
  let isWriting = false;
  let soon: NodeJS.Timeout | undefined;
  const write = async () => {
    isWriting = true;
    try {
      const text = await deps.scrape();
      if (text === null) {
        soon = setTimeout(writeUnlessWriting, Math.min(soonMs, deps.everyMs)).unref();
        return;
      }
      await replace(deps.file, text);
      if (failed) deps.log.info({}, `${deps.file} can be written again`);
      failed = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const tell = failed ? deps.log.debug : deps.log.warn;
      tell({ reason }, `metrics cannot be written to ${deps.file}; trying again`);
      failed = true;
    } finally {
      isWriting = false;
    }
  };
  const writeUnlessWriting = () => {
    // A disk that hangs gets one write to hang on and no queue.
    if (!isWriting) newest = write();
  };
  let newest = write();
  const timer = setInterval(writeUnlessWriting, deps.everyMs).unref();
  return {
    close: () => {
      clearInterval(timer);
      clearTimeout(soon);
      return newest;
    },
  };
}

/** What is not there yet comes with the first look at the host, in a moment. */
const soonMs = 500;

/** Readers find the old file or the new one; what is half written has a name that node_exporter does not read. */
async function replace(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.tmp`);
  try {
    await rm(temporary, { force: true });
    const handle = await open(temporary, 'wx', 0o644);
    try {
      // node_exporter is another user, whatever mask this process has.
      await handle.chmod(0o644);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
