import type { Config } from '../../config/schema.ts';
import type { Run } from '../../process.ts';
import { commandCheck } from './command.ts';
import { connectivityCheck, type Endpoint } from './connectivity.ts';
import type { HealthCheck } from './health-check.ts';
import { httpCheck } from './http.ts';
import { inboundCheck } from './inbound.ts';
import { tcpCheck } from './tcp.ts';
import { unitCheck } from './unit.ts';
import { unitsCheck } from './units.ts';

/** What checks stand on beside their configuration. */
export interface CheckDeps {
  readonly run: Run;
  readonly path: string;
  /** True where the host's own systemd runs. */
  readonly systemd: boolean;
  readonly endpoints: readonly Endpoint[];
}

/** The checks that the configuration asks for, abide's own first. */
export function configuredChecks(health: Config['health'], deps: CheckDeps): readonly HealthCheck[] {
  const { units, connectivity, inbound, checks } = health;
  return [
    ...(units.enabled ? [unitsCheck(deps, units.ignore)] : []),
    ...(connectivity.enabled ? [connectivityCheck(deps.endpoints)] : []),
    ...(inbound.ports.length > 0 ? [inboundCheck(inbound.ports)] : []),
    ...checks.map((check) => configuredCheck(check, deps)),
  ];
}

function configuredCheck(
  { name, timeout: timeoutMs, http, tcp, command, unit }: Config['health']['checks'][number],
  deps: CheckDeps,
): HealthCheck {
  if (http) return httpCheck(name, timeoutMs, http);
  if (tcp) return tcpCheck(name, timeoutMs, tcp);
  if (command) return commandCheck(deps, { name, timeoutMs, command });
  if (unit) return unitCheck(deps, { name, timeoutMs, unit });
  throw new Error(`bug: the check ${name} is of no kind`);
}
