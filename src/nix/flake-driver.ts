import { join } from 'node:path';
import type { SystemDriver } from './driver.ts';
import { evaluateFlake, type EvaluateSettings } from './evaluate-flake.ts';
import { gcRootsDir } from './roots.ts';
import type { NixDeps } from './nix-child.ts';
import { realise, type BuildSettings } from './realise.ts';

/** `build.options` are given to evaluations too, which may build what they import. */
export interface FlakeDriverDeps extends NixDeps {
  readonly evaluate: Omit<EvaluateSettings, 'options'>;
  readonly build: BuildSettings;
}

/** The driver `nixos-flake`: `nixosConfigurations."<host>"` of the flake in the commit. */
export function createFlakeDriver(deps: FlakeDriverDeps): SystemDriver {
  return {
    capabilities: {
      boot: true,
      test: true,
      dryActivate: true,
      bootloader: true,
      specialisations: true,
      rebootNeed: true,
      preCheck: true,
    },
    evaluate: (request, signal) =>
      evaluateFlake(deps, { ...deps.evaluate, options: deps.build.options, ...request }, signal),
    realise: ({ evaluation, rootName }, onProgress, signal) => {
      const root = join(gcRootsDir(deps.environment), rootName);
      return realise(deps, { evaluation, root, build: deps.build, onProgress }, signal);
    },
  };
}
