import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultRuleOptions } from '../../../metrics/rules/default-rules.ts';
import { duration, span } from '../../../metrics/rules/rule.ts';
import { alertNames, renderRules, ruleGroups } from '../../../metrics/rules/rule-file.ts';
import { defaultPeriods, thresholdsFor } from '../../../metrics/rules/thresholds.ts';
import { expectNone } from '../../harness/expect-none.ts';
import { findWrong } from '../promql.ts';
import { renderRuleTests } from './rule-case.ts';
import { caseOptions, ruleCases } from './rule-cases.ts';

const rules = ruleGroups(defaultRuleOptions).flatMap((group) => group.rules);
const alerts = rules.filter((rule) => 'alert' in rule);
const names = alertNames(defaultRuleOptions);
const top = new URL('../../../', import.meta.url);
const runbooks = new URL('docs/runbooks/', top);
const dir = await mkdtemp(join(tmpdir(), 'abide-rules-'));

afterAll(() => rm(dir, { recursive: true, force: true }));

async function promtool(...args: readonly string[]): Promise<string> {
  const { exitCode, all } = await execa('promtool', args, {
    cwd: dir,
    reject: false,
    all: true,
    timeout: 170_000,
  });
  return exitCode === 0 ? '' : all;
}

describe('the rules', () => {
  test.each(rules.map((rule) => ['alert' in rule ? rule.alert : rule.record, rule.expr]))(
    '%s asks only for what the catalogue has',
    (_name, expr) => expectNone(findWrong(expr)),
  );

  test('satisfy promtool', async () => {
    await writeFile(join(dir, 'abide.rules.yml'), renderRules(defaultRuleOptions));
    expect(await promtool('check', 'rules', 'abide.rules.yml')).toBe('');
  });

  test('follow the style of monitoring mixins', () => {
    expectNone(
      alerts
        .filter(({ alert }) => !/^([A-Z]+[a-z0-9]+)+$/.test(alert) || alert.length > 40)
        .map(({ alert }) => alert),
    );
    expectNone(alerts.filter(({ summary }) => !/^[A-Z][^{]+\.$/.test(summary)).map(({ summary }) => summary));
    expectNone(
      alerts
        .filter(({ description }) => !/\{\{.+\.$/.test(description))
        .map(({ description }) => description),
    );
    expectNone(
      ruleGroups(defaultRuleOptions)
        .filter((group) => group.rules.length > 20)
        .map(({ name }) => name),
    );
  });

  test('never carry a commit, which would begin their patience anew with each', () => {
    expectNone(
      rules
        .filter(({ expr }) => /commit\b/.test(expr.replaceAll(/\w*commit\w+/g, '')))
        .map(({ expr }) => expr),
    );
  });
});

describe('promtool says of every alert', () => {
  test('each has a history in which it speaks and one in which it is silent', () => {
    const of = (speaks: boolean) =>
      new Set(ruleCases.filter(({ told }) => (told !== null) === speaks).map(({ alert }) => alert));
    expect([...of(true)].toSorted()).toEqual(names);
    expect([...of(false)].toSorted()).toEqual(names);
  });

  test('that it speaks and is silent as it should', { timeout: 180_000 }, async () => {
    await writeFile(join(dir, 'cases.rules.yml'), renderRules(caseOptions));
    await writeFile(join(dir, 'cases.test.yml'), renderRuleTests('cases.rules.yml', caseOptions, ruleCases));
    expect(await promtool('test', 'rules', 'cases.test.yml')).toBe('');
  });
});

describe('the thresholds', () => {
  test('grow with what the configuration allows', () => {
    const slow = thresholdsFor({ poll: 3600, look: 600, run: 13 * 3600 });
    expect(slow).toMatchObject({
      notConverged: 15 * 3600,
      loopStuck: 12_000,
      oneRemoteStale: 72_000,
      allRemotesStale: 144_000,
    });
    const quick = thresholdsFor({ poll: 1, look: 1, run: 60 });
    expect(quick).toMatchObject({ notConverged: 3600, loopStuck: 600, oneRemoteStale: 3600 });
  });

  test('are never shorter than the work they watch', () => {
    const { notConverged, loopStuck, oneRemoteStale } = thresholdsFor(defaultPeriods);
    expect(notConverged).toBeGreaterThan(defaultPeriods.run);
    expect(loopStuck).toBeGreaterThan(2 * defaultPeriods.look);
    expect(oneRemoteStale).toBeGreaterThan(2 * defaultPeriods.poll);
  });

  test('are written in the largest unit that fits', () => {
    expect([1, 90, 900, 21_600, 604_800].map(duration)).toEqual(['1s', '90s', '15m', '6h', '7d']);
    expect([60, 7200].map(span)).toEqual(['1 minute', '2 hours']);
  });
});

describe('the runbooks', () => {
  const page = (name: string) => readFileSync(new URL(`${name.toLowerCase()}.md`, runbooks), 'utf8');

  test.each(names)('%s has one that says what it means, how to see more and what to do', (name) => {
    expect(page(name).split('\n')[0]).toBe(`# ${name}`);
    const headings = page(name).match(/^## .+$/gm);
    expect(headings).toEqual(['## What it means', '## See more', '## What to do']);
  });

  test('there is none for an alert that does not exist', () => {
    expect(readdirSync(runbooks).toSorted()).toEqual(names.map((name) => `${name.toLowerCase()}.md`));
  });

  test('name only commands that abide has', async () => {
    const source = ['program', 'config'].map((name) =>
      readFileSync(new URL(`src/cli/${name}.ts`, top), 'utf8'),
    );
    const commands = new Set(
      [...source.join('').matchAll(/(?:add|command)\(\s*'(\w+)/g)].map(([, name]) => name),
    );
    expect(commands).toContain('status');
    const named = names.flatMap((name) =>
      [...page(name).matchAll(/(?:`|^\s*\$ )abide (\w+)/gm)].map(([, word]) => word),
    );
    expect(named.length).toBeGreaterThan(30);
    expectNone(named.filter((word) => !commands.has(word)).map(String));
  });
});

test('the guide lists every alert with its severities, and shows only pictures that are there', () => {
  const guide = readFileSync(new URL('docs/monitoring.md', top), 'utf8');
  for (const name of names) {
    const severities = alerts.filter(({ alert }) => alert === name).map(({ severity }) => severity);
    expect(guide).toContain(`| [${name}](runbooks/${name.toLowerCase()}.md) | ${severities.join(', ')} |`);
  }
  const shown = [...guide.matchAll(/\]\((images\/[^)]+)\)/g)].map(([, path = '']) => path);
  expect(shown.length).toBeGreaterThan(5);
  expectNone(shown.filter((path) => !existsSync(new URL(`docs/${path}`, top))));
});

test('the rules of a fleet that is told otherwise are told so', () => {
  const text = renderRules({
    ...defaultRuleOptions,
    job: 'hosts',
    runbooks: 'https://wiki.example.org',
    every: 30,
  });
  expect(text).toContain('up{job=~"hosts"');
  expect(text).toContain('runbook_url: https://wiki.example.org/abidestalled.md');
  expect(text).toContain('interval: 30s');
});
