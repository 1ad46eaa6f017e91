import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configJsonSchema, strictJsonSchema } from '../../src/config/json-schema.ts';
import type { JsonSchema } from '../../src/config/json-schema.ts';
import { createNixStore } from '../harness/nix-store.ts';
import type { NixStore } from '../harness/nix-store.ts';
import { findStale } from '../setup/generate.ts';
import { fullConfig } from './full-config.ts';

let store: NixStore;
beforeAll(async () => {
  store = await createNixStore(await mkdtemp(join(tmpdir(), 'abide-options-')));
});
afterAll(() => store.remove());

async function nixInstantiate(...args: string[]): Promise<string> {
  const { stdout } = await execa('nix-instantiate', args, { env: store.env, extendEnv: false });
  return stdout;
}

/** Whether a value fits the part of JSON Schema that the config uses. */
function fits(value: unknown, schema: JsonSchema): boolean {
  if (schema.anyOf && !schema.anyOf.some((option) => fits(value, option))) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(value, type))) return false;
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
    return false;
  if (typeof value === 'number' && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)))
    return false;
  if (Array.isArray(value))
    return value.every((item) => fits(item, schema.items ?? {})) && value.length >= (schema.minItems ?? 0);
  return typeof value !== 'object' || value === null || mapFits(value as Record<string, unknown>, schema);
}

function mapFits(value: Record<string, unknown>, schema: JsonSchema): boolean {
  if (!(schema.required ?? []).every((key) => Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, inner]) => {
    const known = schema.properties?.[key];
    if (known) return fits(inner, known);
    const others = schema.additionalProperties;
    return typeof others === 'object' ? fits(inner, others) : others !== false;
  });
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

test('every generated file is what its code gives', async () => {
  expect(await findStale()).toEqual([]);
});

test('the JSON Schema takes partial files and nulls, and refuses what abide refuses', () => {
  const schema = configJsonSchema();
  const minimal = { source: { remotes: [{ name: 'a', url: '/a' }] }, trust: { mode: 'none' } };
  expect(schema['$schema']).toMatch(/json-schema\.org/);
  for (const good of [minimal, fullConfig, { ...minimal, drift: null, api: { group: null } }]) {
    expect(fits(good, schema)).toBe(true);
  }
  const { trust: _, ...untrusting } = minimal;
  const bad = [
    untrusting,
    { ...minimal, log: { level: 'loud' } },
    { ...minimal, drift: { intervall: '3s' } },
    { ...minimal, drift: { interval: 3 } },
    { ...minimal, source: { remotes: [] } },
    { ...minimal, source: { remotes: [{ name: 'A', url: '/a' }] } },
  ];
  for (const each of bad) expect(fits(each, schema), JSON.stringify(each)).toBe(false);
});

test('every key has a description', () => {
  const undescribed = (schema: JsonSchema, path: string): string[] =>
    Object.entries(schema.properties ?? {})
      .flatMap(([key, inner]) => [
        ...(inner.description ? [] : [`${path}.${key}`]),
        ...undescribed(inner, `${path}.${key}`),
      ])
      .concat(schema.items ? undescribed(schema.items, `${path}[]`) : [])
      .concat((schema.anyOf ?? []).flatMap((option) => undescribed(option, path)));
  expect(undescribed(strictJsonSchema(), '')).toEqual([]);
});

test('every Nix file parses', async () => {
  const files = [
    'flake.nix',
    ...(await readdir('nix')).filter((name) => name.endsWith('.nix')).map((name) => `nix/${name}`),
  ];
  expect(files.length).toBeGreaterThanOrEqual(4);
  await nixInstantiate('--parse', ...files);
});

// As much of nixpkgs' lib as the options and the module use.
const lib = `rec {
  mkOption = x: x // { isOption = true; };
  mkEnableOption = d: mkOption { description = d; default = false; };
  mkIf = c: x: x;
  mkDefault = x: x;
  literalExpression = x: x;
  types = {
    str = "str"; bool = "bool"; number = "number"; anything = "anything"; package = "package";
    enum = l: { enum = l; }; nullOr = t: { nullOr = t; }; listOf = t: { listOf = t; }; attrsOf = t: { attrsOf = t; };
    oneOf = l: { oneOf = l; }; submodule = m: { submodule = m; }; strMatching = r: { matching = r; };
    ints.between = a: b: { between = [ a b ]; };
  };
}`;

/** As far as the stub prints it. */
interface Module {
  readonly file: string;
  readonly names: readonly string[];
  readonly unit: { readonly path: readonly string[]; readonly serviceConfig: { readonly ExecStart: string } };
}

test('the NixOS options have every key of the schema with its default', async () => {
  const printed = await nixInstantiate(
    '--eval',
    '--strict',
    '--json',
    '-E',
    `import ${process.cwd()}/nix/options.nix { lib = ${lib}; }`,
  );
  const options = JSON.parse(printed) as Record<string, unknown>;
  expect(Object.keys(options).toSorted()).toEqual(
    Object.keys(strictJsonSchema().properties ?? {}).toSorted(),
  );
  expect(at(options, 'drift.interval')).toMatchObject({ isOption: true, type: 'str', default: '30s' });
  const remote = at(options, 'source.remotes.type.listOf.submodule.options');
  expect(at(remote, 'url')).not.toHaveProperty('default');
  expect(at(remote, 'branches.testing.type.nullOr.submodule.options.name')).toMatchObject({ default: null });
  expect(at(options, 'health.inbound.ports')).toMatchObject({
    default: [22],
    type: { listOf: { between: [1, 65_535] } },
  });
});

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

test('the module gives a unit that a switch never ends, with a config file that was checked', async () => {
  const printed = await nixInstantiate(
    '--eval',
    '--strict',
    '--json',
    '-E',
    `
    let
      lib = ${lib};
      module = import ${process.cwd()}/nix/module.nix {
        inherit lib;
        config = {
          networking.hostName = "web1";
          nix.package = "nix";
          systemd.package = "systemd";
          services.abide = { enable = true; package = "/abide"; settings = { }; };
        };
        pkgs = {
          coreutils = ""; git = ""; gnupg = "gnupg"; openssh = ""; util-linux = "";
          formats.json = _: { type = "json"; generate = name: _: "/unchecked"; };
          runCommand = name: _: script: "/checked-by:" + script;
        };
      };
    in { unit = module.config.systemd.services.abide; file = module.config.environment.etc."abide/config.yaml".source; names = builtins.attrNames module.options.services.abide; }`,
  );
  const { unit, file, names } = JSON.parse(printed) as Module;
  expect(names).toEqual(['enable', 'machineId', 'package', 'settings']);
  expect(unit).toMatchObject({
    restartIfChanged: false,
    unitConfig: { 'X-StopOnRemoval': false },
    serviceConfig: {
      Restart: 'always',
      OOMPolicy: 'continue',
      StateDirectoryMode: '0700',
      RuntimeDirectory: 'abide',
    },
  });
  expect(file).toMatch(/config check --no-files \/unchecked/s);
  expect(unit.path).toContain('gnupg');
  expect(unit.serviceConfig.ExecStart).toMatch(/run --config \/etc\/abide\/config\.yaml$/);
});

test('no generated or Nix file names the host of a package registry', async () => {
  for (const file of ['flake.nix', 'nix/package.nix', 'nix/module.nix', 'nix/options.nix']) {
    expect(await readFile(file, 'utf8')).not.toMatch(/registry\.[a-z]/);
  }
});
