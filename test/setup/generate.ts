// Writes every generated file: `tsx test/setup/generate.ts`; with --check it writes nothing and fails when one is stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fleetDashboard } from '../../metrics/dashboards/fleet-dashboard.ts';
import { renderDashboard } from '../../metrics/dashboards/grafana.ts';
import { hostDashboard } from '../../metrics/dashboards/host-dashboard.ts';
import { metricsReference } from '../../metrics/reference.ts';
import { defaultRuleOptions } from '../../metrics/rules/default-rules.ts';
import { renderRules } from '../../metrics/rules/rule-file.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { renderNixosOptions } from '../../src/config/nixos-options.ts';
import { renderReference } from '../../src/config/reference.ts';

/** A file that is made from code; `file` is relative to the top of the repository. */
export interface Generator {
  readonly file: string;
  readonly render: () => string | Promise<string>;
}

/** Every generated file; a new one is a line here. */
export const generators: readonly Generator[] = [
  { file: 'docs/config.schema.json', render: () => `${JSON.stringify(configJsonSchema(), null, 2)}\n` },
  { file: 'docs/config.md', render: renderReference },
  { file: 'docs/metrics.md', render: metricsReference },
  { file: 'metrics/dashboards/abide-fleet.json', render: () => renderDashboard(fleetDashboard) },
  { file: 'metrics/dashboards/abide-host.json', render: () => renderDashboard(hostDashboard) },
  { file: 'metrics/rules/abide.rules.yml', render: () => renderRules(defaultRuleOptions) },
  { file: 'nix/options.nix', render: renderNixosOptions },
];

const top = fileURLToPath(new URL('../../', import.meta.url));

/** The generated files that differ from what their code gives. */
export async function findStale(): Promise<readonly string[]> {
  const checked = generators.map(async ({ file, render }) => {
    const committed = await readFile(join(top, file), 'utf8').catch(() => null);
    return committed === (await render()) ? [] : [file];
  });
  return (await Promise.all(checked)).flat();
}

async function writeAll(): Promise<void> {
  for (const { file, render } of generators) {
    await mkdir(dirname(join(top, file)), { recursive: true });
    await writeFile(join(top, file), await render());
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (!args.includes('--check')) {
    await writeAll();
    return 0;
  }
  const stale = await findStale();
  for (const file of stale) {
    process.stderr.write(`${file} is stale; run: npx tsx test/setup/generate.ts\n`);
  }
  return stale.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
