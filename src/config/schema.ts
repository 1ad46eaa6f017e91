import * as z from 'zod';
import {
  apiSchema,
  driftSchema,
  logSchema,
  metricsSchema,
  notifySchema,
  rebootSchema,
  retentionSchema,
  stateSchema,
  systemSchema,
} from './daemon-schema.ts';
import {
  activateSchema,
  buildSchema,
  evaluateSchema,
  gatesSchema,
  hooksSchema,
  rollbackSchema,
} from './deployment-schema.ts';
import { healthSchema } from './health-schema.ts';
import { text, word } from './scalar.ts';
import { sourceSchema } from './source-schema.ts';
import { isHostName } from './text-rule.ts';
import { trustSchema } from './trust-schema.ts';

/** The config file key by key; the JSON Schema, the reference and the NixOS options are made from it. */
export const configSchema = z.strictObject({
  host: text(isHostName, 'a host name of letters, digits, dashes, underscores and dots')
    .optional()
    .describe("Attribute under nixosConfigurations; default the system's host name."),
  mode: word(['enforce', 'observe'])
    .prefault('enforce')
    .describe('enforce: keep the host at the desired commit; observe: do everything but activate, and tell.'),
  driver: word(['nixos-flake', 'nixos', 'nix-darwin', 'home-manager'])
    .prefault('nixos-flake')
    .describe('Kind of system in the repository.'),
  source: sourceSchema,
  trust: trustSchema,
  evaluate: evaluateSchema,
  build: buildSchema,
  activate: activateSchema,
  gates: gatesSchema,
  health: healthSchema,
  rollback: rollbackSchema,
  hooks: hooksSchema,
  drift: driftSchema,
  reboot: rebootSchema,
  retention: retentionSchema,
  api: apiSchema,
  metrics: metricsSchema,
  notify: notifySchema,
  log: logSchema,
  state: stateSchema,
  system: systemSchema,
});

/** The file after parsing, before defaults that depend on the host or on other keys. */
export type ParsedConfig = z.output<typeof configSchema>;
type ParsedRemote = ParsedConfig['source']['remotes'][number];

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
type With<T, Changes> = Omit<T, keyof Changes> & Changes;

/** A branch a remote is asked for, with its name completed. */
type BranchConfig = With<NonNullable<ParsedRemote['branches']['testing']>, { name: string }>;

/** One remote, complete: `watch` is decided, durations are milliseconds. */
export type RemoteConfig = DeepReadonly<
  With<
    ParsedRemote,
    {
      watch: boolean;
      branches: { main: BranchConfig | null; testing: BranchConfig | null };
      auth: With<ParsedRemote['auth'], { knownHostsFile: string }>;
    }
  >
>;

/** The whole config, complete at every depth: durations in milliseconds, sizes in bytes, no key absent. */
export type Config = DeepReadonly<
  With<
    ParsedConfig,
    {
      host: string;
      source: With<ParsedConfig['source'], { remotes: RemoteConfig[] }>;
      trust: With<ParsedConfig['trust'], { mode: 'none' | 'tip' | 'range' }>;
      state: { dir: string; witness: string };
    }
  >
>;
