import { Problem } from '../../domain/problem.ts';
import { succeeded, type Run } from '../../process.ts';
import { findProgram } from '../find-program.ts';

/** How units are asked about. */
export interface SystemdDeps {
  readonly run: Run;
  readonly path: string;
  /** False where no systemd runs, or where another one than the host's own does. */
  readonly systemd: boolean;
}

/** A unit's properties by name. */
export type UnitProperties = Readonly<Record<string, string>>;

/** Asks the system manager about units or patterns of them; throws Problem `unit_failed` when it does not answer. */
export async function showUnits(
  { run, path }: SystemdDeps,
  { units, properties }: { readonly units: readonly string[]; readonly properties: readonly string[] },
  limit: { readonly ms: number; readonly signal: AbortSignal },
): Promise<readonly UnitProperties[]> {
  const finished = await run(
    {
      file: findProgram(path, 'systemctl'),
      args: ['show', '--no-pager', `--property=${properties.join(',')}`, '--', ...units],
      env: { PATH: path },
      timeoutMs: limit.ms,
      graceMs: 1000,
    },
    limit.signal,
  );
  if (!succeeded(finished)) {
    const said = finished.stderr.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing';
    throw new Problem('unit_failed', `systemctl show does not answer: ${said}`);
  }
  return finished.stdout
    .toString('utf8')
    .split(/\n\n+/)
    .filter((block) => block.trim() !== '')
    .map(propertiesOf);
}

function propertiesOf(block: string): UnitProperties {
  const lines = block.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
