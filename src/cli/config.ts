import { hostname } from 'node:os';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { describeConfig, findConfigWarnings } from '../config/describe.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { loadConfig } from '../config/load.ts';
import { readAllowedSigners } from '../config/trust-content.ts';
import { findFileWarnings } from '../config/trust-file.ts';
import { rulesForConfig, type RulesOptions } from './config-rules.ts';

/** Where the config commands write, each text with its own line ends, and how they say how they ended. */
export interface ConfigOutput {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Called once with the command's exit code: 0 or 2. */
  readonly finish: (exitCode: number) => void;
}

/** Adds `config check`, `config schema` and `config rules` to the program. */
export function configCommands(program: Command, output: ConfigOutput): void {
  const config = program
    .command('config')
    .description('check a configuration file, print its schema, or alert rules for it');
  config
    .command('check <file>')
    .description('say what a configuration file means, or everything that is wrong with it')
    .option('--no-files', 'without looking at the files it names')
    .action(async (file: string, { files }: { files: boolean }) => {
      output.finish(await checkConfigFile(file, files, output));
    });
  config
    .command('schema')
    .description('print the JSON Schema of the configuration file')
    .action(() => {
      output.stdout(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
      output.finish(0);
    });
  config
    .command('rules <file>')
    .description("print Prometheus' alert rules with thresholds for the periods and time limits of a file")
    .option('--job <regex>', 'job label of the scrapes of abide')
    .option('--runbooks <address>', 'where docs/runbooks can be read')
    .action(async (file: string, options: RulesOptions) => {
      output.finish(await orError(output, async () => output.stdout(await rulesForConfig(file, options))));
    });
}

type Streams = Pick<ConfigOutput, 'stdout' | 'stderr'>;

async function checkConfigFile(file: string, files: boolean, streams: Streams): Promise<number> {
  const { stdout, stderr } = streams;
  const uid = process.getuid?.() ?? 0;
  return orError(streams, async () => {
    const config = await loadConfig(file, { hostName: hostname(), uid: files ? uid : null });
    const fromFile = files ? await readAllowedSigners(config) : null;
    const warnings = [
      ...findConfigWarnings(config),
      ...(files ? await findFileWarnings(file, config, uid) : []),
    ];
    stdout(`${[`${file} is valid.`, ...describeConfig(config, fromFile?.signers)].join('\n')}\n`);
    if (warnings.length > 0) stderr(`${warnings.map((warning) => `warning: ${warning}`).join('\n')}\n`);
  });
}

/** 0, or 2 with everything that is wrong with the configuration. */
async function orError({ stderr }: Streams, act: () => Promise<void>): Promise<number> {
  try {
    await act();
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    stderr(`${error.message}\n`);
    return 2;
  }
}
