import { stringify } from 'yaml';
import { fleetRecordings, fleetRules } from './fleet-rules.ts';
import { hostRules } from './host-rules.ts';
import { duration, type Alert, type Recording, type RuleGroup } from './rule.ts';
import { sourceRules } from './source-rules.ts';
import type { Thresholds } from './thresholds.ts';

/** What the rules of a fleet are made of. */
export interface RuleOptions {
  readonly thresholds: Thresholds;
  /** Regular expression for the `job` label of abide's own scrapes. */
  readonly job: string;
  /** Directory or address of the runbooks, without a slash at the end. */
  readonly runbooks: string;
  /** Seconds between two evaluations; null leaves it to Prometheus. */
  readonly every: number | null;
}

/** The group names, recording rules first: what alerts read must be computed before. */
export function ruleGroups({ thresholds, job }: RuleOptions): readonly RuleGroup[] {
  return [
    { name: 'abide-recording', rules: fleetRecordings(thresholds) },
    { name: 'abide-host', rules: hostRules(thresholds) },
    { name: 'abide-source', rules: sourceRules(thresholds) },
    { name: 'abide-fleet', rules: fleetRules(thresholds, job) },
  ];
}

/** A rule file for Prometheus 2.42 and newer. */
export function renderRules(options: RuleOptions): string {
  const groups = ruleGroups(options).map(({ name, rules }) => ({
    name,
    ...(options.every === null ? {} : { interval: duration(options.every) }),
    rules: rules.map((rule) => ('record' in rule ? recording(rule) : alert(rule, options.runbooks))),
  }));
  return `${head}${stringify({ groups }, { lineWidth: 0 })}`;
}

/** Every alert of the rules by name, sorted; some have more than one rule. */
export function alertNames(options: RuleOptions): readonly string[] {
  const rules = ruleGroups(options).flatMap((group) => group.rules);
  const names = rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []));
  return [...new Set(names)].toSorted();
}

const head = `# Alert and recording rules for hosts that run abide; what each means is in docs/runbooks.
# Made from code with the thresholds of a default configuration; \`abide config rules FILE\` makes them for yours.
`;

function recording({ record, expr }: Recording) {
  return { record, expr };
}

function alert(rule: Alert, runbooks: string) {
  const { alert: name, expr, for: lasting, keep = 0, severity, summary, description } = rule;
  return {
    alert: name,
    expr,
    ...(lasting === 0 ? {} : { for: duration(lasting) }),
    ...(keep === 0 ? {} : { keep_firing_for: duration(keep) }),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooks}/${name.toLowerCase()}.md` },
  };
}
