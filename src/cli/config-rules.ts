import { hostname } from 'node:os';
import { defaultRuleOptions } from '../../metrics/rules/default-rules.ts';
import { renderRules } from '../../metrics/rules/rule-file.ts';
import { thresholdsFor, type Periods } from '../../metrics/rules/thresholds.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';

/** What `config rules` may be told beside the file. */
export interface RulesOptions {
  readonly job?: string;
  readonly runbooks?: string;
}

/** Prometheus' alert rules with thresholds for the host of a configuration file; throws ConfigError for a file that is none. */
export async function rulesForConfig(file: string, options: RulesOptions): Promise<string> {
  const config = await loadConfig(file, { hostName: hostname(), uid: null });
  return renderRules({ ...defaultRuleOptions, ...options, thresholds: thresholdsFor(periodsOf(config)) });
}

function periodsOf({ source, drift, evaluate, build, activate, health }: Config): Periods {
  const seconds = (ms: number) => Math.ceil(ms / 1000);
  return {
    poll: seconds(Math.max(...source.remotes.map(({ poll }) => poll))),
    look: seconds(drift.interval),
    run: seconds(evaluate.timeout + build.timeout + activate.timeout + health.settle + health.deadline),
  };
}
