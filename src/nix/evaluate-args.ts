import { nixOptions } from './nix-options.ts';

/**
 * What every evaluation of a commit says: nothing outside the commit is resolved, the commit's own `nixConfig` is not
 * obeyed, and no cached failure of an earlier try is taken for this one's.
 */
export const evaluateArgs: readonly string[] = [
  '--extra-experimental-features',
  'nix-command flakes',
  'eval',
  '--json',
  '--no-update-lock-file',
  ...nixOptions({ 'use-registries': 'false', 'accept-flake-config': 'false', 'eval-cache': 'false' }),
];
