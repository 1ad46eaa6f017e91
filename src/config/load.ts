import { readFile } from 'node:fs/promises';
import { completeConfig } from './complete.ts';
import { findContradictions } from './combination.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigIssue } from './config-error.ts';
import { parseConfigText } from './config-text.ts';
import { isMap, strictJsonSchema, withoutNulls } from './json-schema.ts';
import { isUnder } from './key-path.ts';
import { configSchema } from './schema.ts';
import type { Config, ParsedConfig } from './schema.ts';
import { findRefused } from './support.ts';
import { isBranchName, isHostName } from './text-rule.ts';
import { findFileIssues } from './trust-file.ts';
import { fromZodIssue } from './zod-issue.ts';

/** What loading needs to know of the machine. */
export interface LoadDeps {
  /** The system's host name, used where the file names none. */
  readonly hostName: string;
  /** The daemon's user; null leaves the files that decide trust unlooked at (`--no-files`). */
  readonly uid: number | null;
}

const mostBytes = 1024 * 1024;

/** Reads, checks and completes a config file; throws one ConfigError that carries everything wrong with it. */
export async function loadConfig(file: string, { hostName, uid }: LoadDeps): Promise<Config> {
  const { config, partial, issues } = checkConfig(
    parseConfigText(await readConfigText(file), file),
    hostName,
  );
  const ofFiles = uid === null ? [] : await findFileIssues(partial, uid);
  const all = [
    ...issues,
    ...ofFiles.filter(({ path }) => !issues.some((issue) => isUnder(path, issue.path))),
  ];
  if (config === null || all.length > 0) throw new ConfigError(file, all);
  return config;
}

/** The config that data from a file means, without a look at any file; throws ConfigError. */
export function parseConfig(data: unknown, file: string, hostName: string): Config {
  const { config, issues } = checkConfig(data, hostName);
  if (config === null) throw new ConfigError(file, issues);
  return config;
}

/** The text of a config file; throws ConfigError for what is no text that could be one. */
export async function readConfigText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(file, [{ path: [], found: null, message: whyUnreadable(error) }]);
  });
  const fault = bytes.length > mostBytes ? `larger than ${mostBytes} bytes` : notText(bytes);
  if (fault !== null) throw new ConfigError(file, [{ path: [], found: null, message: fault }]);
  return bytes.toString('utf8');
}

interface Checked {
  /** null exactly when there are issues. */
  readonly config: Config | null;
  /** As far as the schema could read it: valid keys parsed and completed, others as they were. */
  readonly partial: unknown;
  readonly issues: readonly ConfigIssue[];
}

function checkConfig(data: unknown, hostName: string): Checked {
  if (data === null || data === undefined) return nothing('the file is empty');
  if (!isMap(data)) return nothing('a map of keys is needed at the top level');
  const input = withoutNulls(data, strictJsonSchema());
  const { parsed, partial, issues } = parsePartially(input);
  const beyondSchema = [...findContradictions(partial), ...findRefused(partial)];
  const all = [
    ...issues,
    ...beyondSchema.filter(({ path }) => !issues.some((issue) => isUnder(path, issue.path))),
  ];
  if (parsed === null || all.length > 0) return { config: null, partial, issues: all };
  const config = completeConfig(parsed, hostName);
  const unusable = checkCompleted(config);
  return { config: unusable.length > 0 ? null : config, partial, issues: unusable };
}

function parsePartially(input: unknown) {
  let partial: unknown;
  const result = configSchema
    .superRefine(
      (value) => {
        partial = value;
      },
      { when: () => true },
    )
    .safeParse(input);
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => fromZodIssue(issue, input));
  const parsed: ParsedConfig | null = result.success ? result.data : null;
  return { parsed, partial, issues };
}

// Defaults made from the host's name can be unusable where a written value would have been refused.
function checkCompleted(config: Config): ConfigIssue[] {
  if (!isHostName(config.host)) {
    const message = `missing, and the system's host name ${JSON.stringify(config.host)} cannot stand in; write host`;
    return [{ path: ['host'], found: null, message }];
  }
  return config.source.remotes.flatMap(({ branches: { main, testing } }, index) => {
    if (testing === null || (isBranchName(testing.name) && testing.name !== main?.name)) return [];
    const message = `missing, and its default ${testing.name} is not usable here; write a name, or testing: null`;
    return [{ path: ['source', 'remotes', index, 'branches', 'testing', 'name'], found: null, message }];
  });
}

function nothing(what: string): Checked {
  const message = `${what}; at least source.remotes and trust must be given`;
  return { config: null, partial: {}, issues: [{ path: [], found: null, message }] };
}

function notText(bytes: Buffer): string | null {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return null;
  } catch {
    return 'not UTF-8 text';
  }
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return 'there is no such file; write one, or name another with --config';
  }
  if (code === 'EACCES') return 'this user may not read it; run as root, or change who may';
  if (code === 'EISDIR') return 'this is a directory; the name of a file is needed';
  return `cannot be read: ${message}`;
}
