import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configHash } from '../config/hash.ts';
import { toProblem } from '../domain/problem.ts';
import type { Recovered } from '../state/recover.ts';
import type { AdapterDeps, Adapters } from './adapters.ts';
import { keepFirst } from './keep-first.ts';
import { deadManSeconds } from './policy-of.ts';
import { loadState } from './state.ts';

/**
 * Looks at the host, reads what is left of the state, and opens the mirror. On a fresh host journal and witness come first:
 * a mirror alone would look like lost state to the next daemon.
 */
export async function prepareState(
  { config, log, stopping }: Pick<AdapterDeps, 'config' | 'log' | 'stopping'>,
  adapters: Adapters,
  now: () => number,
): Promise<Recovered & { readonly machineId: string | null }> {
  const { mirror, observer } = adapters;
  const open = () =>
    mirror.open(stopping).catch((error: unknown) => {
      log.error({ err: toProblem(error) }, 'the mirror cannot be opened; it is tried again with every poll');
    });
  const mirrorExists = existsSync(join(config.state.dir, 'repo', '.git', 'HEAD'));
  if (mirrorExists) await open();
  const observed = await observer.observe();
  const { anchor } = config.trust;
  const hash = configHash(config);
  const state = await loadState({
    adapters,
    mirrorExists,
    anchor,
    configHash: hash,
    observed,
    log,
    now,
    stopping,
    deadManSeconds: (probation) => deadManSeconds(config, probation),
  });
  keepFirst(adapters, state, log);
  if (!mirrorExists) await open();
  return { ...state, machineId: observed.machineId };
}
