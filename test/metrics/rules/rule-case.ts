import { stringify } from 'yaml';
import { ruleGroups, type RuleOptions } from '../../../metrics/rules/rule-file.ts';

/** Series as promtool takes them; `job` and `instance` are put in where they are not said. */
export type Series = Readonly<Record<string, string>>;

/** One history of a fleet and what an alert makes of it. */
export interface RuleCase {
  readonly alert: string;
  readonly what: string;
  readonly series: Series;
  readonly at: string;
  /** Null for silence. */
  readonly told:
    | readonly { readonly labels?: Readonly<Record<string, string>>; readonly description: string }[]
    | null;
}

/** A test file for promtool of 2.42, which knows neither `start_timestamp` nor `fuzzy_compare`. */
export function renderRuleTests(ruleFile: string, options: RuleOptions, cases: readonly RuleCase[]): string {
  return stringify(
    {
      rule_files: [ruleFile],
      evaluation_interval: '1m',
      group_eval_order: ruleGroups(options).map(({ name }) => name),
      tests: cases.map((one) => ruleTest(one, options)),
    },
    { lineWidth: 0 },
  );
}

function ruleTest({ alert, what, series, at, told }: RuleCase, options: RuleOptions) {
  return {
    name: `${alert}: ${what}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: onHost(name), values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: (told ?? []).map(({ labels = {}, description }) =>
          expected(alert, labels, description, options),
        ),
      },
    ],
  };
}

function onHost(series: string): string {
  const [name = '', inner = ''] = series.replace(/\}$/, '').split('{');
  const given = inner === '' ? [] : inner.split(/,(?=\w+=)/);
  const defaults = ['job="abide"', 'instance="a"'].filter(
    (pair) => !given.some((one) => one.startsWith(pair.slice(0, pair.indexOf('=') + 1))),
  );
  return `${name}{${[...defaults, ...given].join(',')}}`;
}

/** `severity` picks the rule where an alert has several; a label that is '' is one that the alert has not. */
function expected(
  alert: string,
  labels: Readonly<Record<string, string>>,
  description: string,
  options: RuleOptions,
) {
  const rules = ruleGroups(options).flatMap((group) => group.rules);
  const rule = rules.find(
    (one) => 'alert' in one && one.alert === alert && (labels['severity'] ?? one.severity) === one.severity,
  );
  if (!rule || !('alert' in rule)) throw new Error(`there is no alert ${alert}`);
  const all = { job: 'abide', instance: 'a', severity: rule.severity, ...labels };
  return {
    exp_labels: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
    exp_annotations: {
      summary: rule.summary,
      description,
      runbook_url: `${options.runbooks}/${alert.toLowerCase()}.md`,
    },
  };
}
