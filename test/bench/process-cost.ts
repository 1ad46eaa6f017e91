import { readdirSync, readFileSync } from 'node:fs';

/** What a process and the children it waited for have used since they began. */
export interface ProcessCost {
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** How often any of its threads went to sleep by itself and was woken. */
  readonly wakeups: number;
}

// Linux tells times in /proc in hundredths of a second on every machine Node runs on.
const tickMs = 10;

/** Reads /proc, so that looking disturbs nothing. */
export function processCost(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: ticks * tickMs,
    rssMiB: numberAfter(status, 'VmRSS') / 1024,
    wakeups: readdirSync(`/proc/${pid}/task`).reduce(
      (sum, task) =>
        sum +
        numberAfter(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'), 'voluntary_ctxt_switches'),
      0,
    ),
  };
}

function numberAfter(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}
