import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { findProgram } from './find-program.ts';

/** Asks the init system for a reboot; throws Problem `rollback_failed` where that is refused or must not be. */
export type Reboot = () => Promise<void>;

/** Makes the reboot of one host; with activator direct the host's init system is not this machine's, or none. */
export function createReboot(deps: {
  readonly run: Run;
  readonly path: string;
  readonly root: string;
  readonly activator: 'systemd' | 'direct';
}): Reboot {
  return async () => {
    const { run, path, root, activator } = deps;
    if (activator !== 'systemd' || root !== '/') {
      throw new Problem('rollback_failed', 'the host is not rebooted: no systemd of its own runs here');
    }
    const finished = await run({
      file: findProgram(path, 'systemctl'),
      // The rollback that hangs may hold an inhibitor itself.
      args: ['reboot', '--check-inhibitors=no'],
      env: { PATH: path },
      timeoutMs: 60_000,
    });
    if (succeeded(finished)) return;
    const said = finished.stderr.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing';
    throw new Problem('rollback_failed', `systemctl reboot failed: ${said}`);
  };
}
