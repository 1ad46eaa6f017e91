import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that runs, by its command line. */
export interface Process {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** Processes whose command line names something below the directory; a test's directory is its own. */
export function processesOf(dir: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      const stat = read(`/proc/${name}/stat`);
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      return command.includes(dir) ? [{ pid: Number(name), group, command }] : [];
    });
}

/** Kills what a test left behind, such as a switch that outlives its daemon. */
export async function endProcessesOf(dir: string): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const left = processesOf(dir);
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
    await sleep(25);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
