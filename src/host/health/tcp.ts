import type { Config } from '../../config/schema.ts';
import { connect } from './connect.ts';
import { failing, passing, type HealthCheck } from './health-check.ts';

/** Passes when the port accepts a connection. */
export function tcpCheck(
  name: string,
  timeoutMs: number,
  place: NonNullable<Config['health']['checks'][number]['tcp']>,
): HealthCheck {
  return {
    name,
    timeoutMs,
    look: async (_against, { signal }) => {
      const trouble = await connect(place, signal);
      return trouble === null ? passing : failing(trouble);
    },
  };
}
