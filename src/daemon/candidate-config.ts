import { readHealthPart } from '../config/read-health.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../domain/log.ts';
import type { OwnUnit } from '../domain/own-unit.ts';

/**
 * The `health` part of the configuration that a toplevel carries, whatever else is in it: a newer abide may know keys that
 * this one does not. null where it carries none, or one that this abide cannot read.
 */
export async function readCandidateHealth(
  { readOwnUnit, log }: { readonly readOwnUnit: (toplevel: string) => Promise<OwnUnit>; readonly log: Log },
  toplevel: string,
): Promise<Config['health'] | null> {
  const unit = await readOwnUnit(toplevel);
  const config = unit.is === 'present' ? unit.config : null;
  if (config === null || !config.isCarried || config.digest === null) return null;
  try {
    return await readHealthPart(config.path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn(
      {},
      `the health checks of the new system cannot be read, so those of the running one count: ${why}`,
    );
    return null;
  }
}
