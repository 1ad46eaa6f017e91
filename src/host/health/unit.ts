import { broken, failing, passing, unknown, type HealthCheck, type Look } from './health-check.ts';
import { showUnits, type SystemdDeps, type UnitProperties } from './systemctl.ts';

/** Passes when the unit is active; one that gave up or that does not exist is a failure for good. */
export function unitCheck(
  deps: SystemdDeps,
  check: { readonly name: string; readonly timeoutMs: number; readonly unit: string },
): HealthCheck {
  const { name, timeoutMs, unit } = check;
  return {
    name,
    timeoutMs,
    look: async (_against, limit) => {
      if (!deps.systemd) return unknown('no systemd runs here');
      const [found = {}] = await showUnits(deps, { units: [unit], properties }, limit);
      return judge(unit, found);
    },
  };
}

const properties = ['LoadState', 'ActiveState', 'SubState', 'Result'];

function judge(unit: string, { LoadState, ActiveState, SubState, Result }: UnitProperties): Look {
  if (ActiveState === 'active' || ActiveState === 'reloading') return passing;
  if (LoadState === 'not-found' || LoadState === 'masked') return broken(`${unit} is ${LoadState}`);
  if (ActiveState === 'failed') return broken(`${unit} failed (${Result ?? 'no result'})`);
  return failing(`${unit} is ${ActiveState ?? 'unknown'} (${SubState ?? 'no state'})`);
}
