import * as z from 'zod';
import { findHealthContradictions } from './combination.ts';
import { ConfigError } from './config-error.ts';
import { parseConfigText } from './config-text.ts';
import { healthSchema } from './health-schema.ts';
import { isMap, strictJsonSchema, withoutNulls } from './json-schema.ts';
import { readConfigText } from './load.ts';
import type { Config } from './schema.ts';
import { fromZodIssue } from './zod-issue.ts';

const part = z.object({ health: healthSchema });

/** The `health` part of a config file, complete; its other keys are not looked at. Throws ConfigError. */
export async function readHealthPart(file: string): Promise<Config['health']> {
  const data = parseConfigText(await readConfigText(file), file);
  const input = isMap(data) ? withoutNulls(data, strictJsonSchema()) : {};
  const result = part.safeParse(input);
  if (!result.success) {
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => fromZodIssue(issue, input)),
    );
  }
  const issues = findHealthContradictions(result.data);
  if (issues.length > 0) throw new ConfigError(file, issues);
  return result.data.health;
}
