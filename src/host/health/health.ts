import type { CheckSeen } from '../../domain/check.ts';
import { plainText } from '../../domain/plain-text.ts';
import { toProblem } from '../../domain/problem.ts';
import type { Against, HealthCheck, Look } from './health-check.ts';

/** What a look at all checks is for. */
export interface HealthOrder {
  /** What was seen before the activation. */
  readonly before: readonly CheckSeen[] | null;
  readonly previous: string | null;
  readonly toplevel: string;
  /** Cuts every check's own time limit, in milliseconds. */
  readonly withinMs: number;
}

/** All health checks of one daemon. */
export interface Health {
  readonly names: readonly string[];
  /** Every check once, before an activation. */
  readonly baseline: () => Promise<readonly CheckSeen[]>;
  /** Every check once, in parallel; ends in time whatever a check does, and throws nothing but on abort. */
  readonly look: (order: HealthOrder, signal: AbortSignal) => Promise<readonly CheckSeen[]>;
}

/** Runs the checks given; `uptime` is a clock in milliseconds that nobody sets. */
export function createHealth(deps: {
  readonly checks: readonly HealthCheck[];
  readonly uptime: () => number;
}): Health {
  const running = new Set<string>();
  const lookAll = (againstOf: (name: string) => Against, withinMs: number, signal?: AbortSignal) =>
    Promise.all(
      deps.checks.map((check) =>
        lookOnce({ ...deps, check, running, against: againstOf(check.name), withinMs, signal }),
      ),
    );
  return {
    names: deps.checks.map(({ name }) => name),
    baseline: () => lookAll(() => null, Number.POSITIVE_INFINITY),
    look: async ({ before, previous, toplevel, withinMs }, signal) => {
      const seenBefore = (name: string) => before?.find((seen) => seen.name === name) ?? null;
      const seen = await lookAll(
        (name) => ({ before: seenBefore(name), previous, toplevel }),
        withinMs,
        signal,
      );
      signal.throwIfAborted();
      return seen;
    },
  };
}

interface Once {
  readonly check: HealthCheck;
  /** Names of checks whose last look has not ended yet. */
  readonly running: Set<string>;
  readonly against: Against;
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
  readonly uptime: () => number;
}

async function lookOnce(once: Once): Promise<CheckSeen> {
  const { check, uptime } = once;
  const begun = uptime();
  const { status, message, definitive = false, well = [], unwell = [] } = await limited(once);
  return {
    name: check.name,
    status,
    durationSeconds: Math.max(0, uptime() - begun) / 1000,
    message: message === null ? null : plainText(message, 500),
    definitive,
    well,
    unwell,
  };
}

/** A look that cannot be ended in time, such as a program in an endless wait of the kernel, holds nobody up. */
async function limited({ check, running, against, withinMs, signal }: Once): Promise<Look> {
  if (running.has(check.name)) return { status: 'failing', message: 'the look before has not ended yet' };
  const ms = Math.max(1, Math.min(check.timeoutMs, withinMs));
  const over = new AbortController();
  const late: Look = { status: 'failing', message: `no answer within ${ms / 1000} s` };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Look>((resolve) => {
    const end = () => {
      resolve(late);
      over.abort();
    };
    timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
  running.add(check.name);
  const look = attempt(check, against, { ms, signal: over.signal }).finally(() => running.delete(check.name));
  return Promise.race([look, limit]).finally(() => clearTimeout(timer));
}

async function attempt(
  check: HealthCheck,
  against: Against,
  limit: Parameters<HealthCheck['look']>[1],
): Promise<Look> {
  try {
    return await check.look(against, limit);
  } catch (error) {
    return { status: 'failing', message: toProblem(error).message };
  }
}
