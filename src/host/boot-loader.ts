import type { SwitchResult } from '../domain/deployment.ts';
import type { Observed } from '../domain/observed.ts';
import { Problem } from '../domain/problem.ts';
import type { Activator } from './activate.ts';
import { busyExit, runWhenFree, type Patience } from './run-when-free.ts';

/** Makes a toplevel the boot default; the profile must already be it, because boot entries come from the profile. */
export interface BootLoader {
  /**
   * Runs the toplevel's own `switch-to-configuration boot` and reads the boot default back where that can be read. May be
   * done twice. Throws Problem `boot_loader_failed` with the log, or `activation_busy` when the lock stays held.
   */
  readonly install: (what: {
    readonly deployment: string;
    readonly toplevel: string;
    /** What is to boot by default afterwards, where that is not the toplevel. */
    readonly held?: string;
  }) => Promise<void>;
}

/** What a boot loader's installation stands on. */
export interface BootLoaderDeps extends Patience {
  readonly activator: Activator;
  readonly observer: { readonly observe: () => Promise<Pick<Observed, 'bootDefault'>> };
  /** Longest run in milliseconds, default ten minutes. */
  readonly timeoutMs?: number;
}

/** Makes the boot loader of one host. */
export function createBootLoader(deps: BootLoaderDeps): BootLoader {
  const { activator, observer, timeoutMs = 10 * 60_000 } = deps;
  return {
    install: async ({ deployment, toplevel, held = toplevel }) => {
      const order = {
        deployment,
        toplevel,
        action: 'boot',
        label: 'boot',
        noCheck: true,
        timeoutMs,
      } as const;
      const result = await runWhenFree(activator, order, deps);
      if (result.exitCode === busyExit) throw busy();
      if (result.exitCode !== 0) throw failed(result, toplevel);
      const { bootDefault } = await observer.observe();
      if (bootDefault !== null && bootDefault !== held) {
        throw new Problem(
          'boot_loader_failed',
          `the boot loader of ${toplevel} was installed without an error, but ${bootDefault} boots by default, not ${held}`,
          { log: result.log },
        );
      }
    },
  };
}

function busy(): Problem {
  return new Problem('activation_busy', "somebody else holds switch-to-configuration's lock", {
    retry: { afterMs: 30_000 },
  });
}

function failed({ exitCode, signal, timedOut, log }: SwitchResult, toplevel: string): Problem {
  const said = log.findLast((line) => line !== '');
  const ending = timedOut ? 'did not end in time' : `ended with ${exitCode ?? signal}`;
  const message = `the boot loader could not be set to ${toplevel}: switch-to-configuration boot ${ending}`;
  return new Problem('boot_loader_failed', said === undefined ? message : `${message}: ${said}`, { log });
}
