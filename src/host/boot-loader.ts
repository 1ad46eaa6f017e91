import type { SwitchResult } from '../domain/deployment.ts';
import type { Observed } from '../domain/observed.ts';
import { Problem } from '../domain/problem.ts';
import type { Activator } from './activate.ts';
import { loaderVariable } from './loader-variable.ts';
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
    /** What the loader was told to start by default all the same; then that must be what it says. */
    readonly held?: string;
    /** Done between the run and the reading back. */
    readonly afterwards?: () => Promise<void>;
  }) => Promise<void>;
  /** Throws Problem `boot_loader_failed` where another system boots by default; one that cannot be read is none. */
  readonly mustBoot: (toplevel: string) => Promise<void>;
}

/** What a boot loader's installation stands on. */
export interface BootLoaderDeps extends Patience {
  /** `system.root`. */
  readonly root: string;
  readonly activator: Activator;
  readonly observer: { readonly observe: () => Promise<Pick<Observed, 'bootDefault'>> };
  /** Longest run in milliseconds, default ten minutes. */
  readonly timeoutMs?: number;
}

/** Makes the boot loader of one host. */
export function createBootLoader(deps: BootLoaderDeps): BootLoader {
  const { activator, observer, timeoutMs = 10 * 60_000 } = deps;
  return {
    install: async ({ deployment, toplevel, held, afterwards }) => {
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
      await afterwards?.();
      const { bootDefault } = await observer.observe();
      if (bootDefault === (held ?? toplevel) || (bootDefault === null && held === undefined)) return;
      const said = `the boot loader of ${toplevel} was installed without an error`;
      throw await wrongDefault(deps, { said, bootDefault, wanted: held ?? toplevel, log: result.log });
    },
    mustBoot: async (toplevel) => {
      const { bootDefault } = await observer.observe();
      if (bootDefault === null || bootDefault === toplevel) return;
      throw await wrongDefault(deps, { said: `${toplevel} proved itself`, bootDefault, wanted: toplevel });
    },
  };
}

/** Somebody may have chosen what boots for good: that goes before all that a loader's files say. */
async function wrongDefault(
  { root }: BootLoaderDeps,
  found: {
    readonly said: string;
    readonly bootDefault: string | null;
    readonly wanted: string;
    readonly log?: readonly string[];
  },
): Promise<Problem> {
  const { said, bootDefault, wanted, log = [] } = found;
  const chosen = await loaderVariable(root, 'LoaderEntryDefault');
  const next =
    chosen === null
      ? 'see what else decides what boots (loader.conf, grub.cfg), then abide retry'
      : `the firmware's variable LoaderEntryDefault says ${chosen}; to take that back: bootctl set-default "", then abide retry`;
  const other = bootDefault ?? 'no system that is known';
  return new Problem('boot_loader_failed', `${said}, but ${other} boots by default, not ${wanted}; ${next}`, {
    log,
  });
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
