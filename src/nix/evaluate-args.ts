import { nixOptions } from './nix-options.ts';

/**
 * What every evaluation of a commit says, whatever the host's own settings are: nothing outside the commit is resolved, the commit's own `nixConfig` is not
 * obeyed, and no cached failure of an earlier try is taken for this one's.
 */
export function evaluateArgs(options: Readonly<Record<string, string>>): readonly string[] {
  const fixed = {
    'pure-eval': 'true',
    'use-registries': 'false',
    'accept-flake-config': 'false',
    'eval-cache': 'false',
  };
  const features = ['--extra-experimental-features', 'nix-command flakes'];
  return [...features, 'eval', '--json', '--no-update-lock-file', ...nixOptions({ ...options, ...fixed })];
}
