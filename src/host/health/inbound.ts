import { join } from 'node:path';
import { readText } from '../read-text.ts';
import { failing, passing, unknown, type Against, type HealthCheck, type Look } from './health-check.ts';

/** Passes when every port that listened before listens still; `proc` is where the kernel tells of sockets. */
export function inboundCheck(ports: readonly number[], proc = '/proc'): HealthCheck {
  return {
    name: 'inbound',
    timeoutMs: 10_000,
    look: async (against) => {
      const open = await listening(proc);
      if (open === null) return unknown('the kernel does not say which ports listen');
      return judge(ports, open, against);
    },
  };
}

function judge(ports: readonly number[], open: ReadonlySet<number>, against: Against): Look {
  const named = ports.filter((port) => open.has(port)).map(String);
  const closed = ports.filter((port) => !open.has(port)).map(String);
  const parts = { well: named, unwell: closed };
  if (against === null) {
    return named.length > 0 ? { ...passing, ...parts } : { ...unknown(nothing(ports)), ...parts };
  }
  const before = against.before?.well ?? [];
  if (before.length === 0) return { ...unknown(`${nothing(ports)} before`), ...parts };
  const lost = before.filter((port) => !named.includes(port));
  return lost.length === 0
    ? { ...passing, ...parts }
    : { ...failing(`nothing listens on ${lost.join(', ')} any more`), ...parts };
}

function nothing(ports: readonly number[]): string {
  return `nothing listened on ${ports.join(', ')}`;
}

async function listening(proc: string): Promise<ReadonlySet<number> | null> {
  const tables = await Promise.all(
    ['net/tcp', 'net/tcp6'].map((table) => readText(join(proc, table), 64 * 1024 * 1024)),
  );
  if (tables.every((text) => text === null)) return null;
  return new Set(tables.flatMap((text) => portsIn(text ?? '')));
}

/** Lines are `sl local_address rem_address st ...` with hexadecimal ports; state 0A is LISTEN. */
function portsIn(text: string): number[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === '0A' ? [Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16)] : [];
  });
}
