import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../api/client.ts';
import type { PlanProgress } from '../api/contract-plan.ts';
import { shortId } from '../domain/commit.ts';
import type { Plan, PlanWay } from '../domain/plan.ts';
import { checkCommit } from './check-commit.ts';
import { exitCodes } from './exit.ts';
import { createPaint } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { renderRows, type Row } from './rows.ts';
import type { Terminal } from './terminal.ts';

/** An evaluation and a build may take as long as the daemon lets them; it ends them when this hangs up. */
const longestMs = 24 * 60 * 60_000;

/** `abide plan`: what would be deployed, and how; changes nothing. How far it has come is told on standard error. */
export async function plan(
  terminal: Terminal,
  { commit }: { readonly commit: string | null },
): Promise<number> {
  const { socket, json, color, width, out } = terminal;
  const path = commit === null ? '/v1/plan' : `/v1/plan?commit=${checkCommit(commit)}`;
  const done = new AbortController();
  const told = tellProgress(terminal, done.signal);
  try {
    const answer = (await ask({ socket, path, timeoutMs: longestMs })) as Plan;
    const page = renderRows(rowsOf(plainData(answer)), width, createPaint(color)).join('\n');
    out(json ? jsonText(answer) : page);
    return exitCodes.done;
  } finally {
    done.abort();
    await told;
  }
}

async function tellProgress({ socket, err }: Terminal, signal: AbortSignal): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    await sleep(1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const asked = ask({ socket, path: '/v1/plan/progress', timeoutMs: 10_000 }).catch(() => null);
    const progress = ((await asked) as PlanProgress | null)?.progress ?? null;
    if (progress && progress.text !== last) err(plainData(progress).text);
    last = progress?.text ?? last;
  }
}

const ways: Readonly<Record<PlanWay, string>> = {
  nothing: 'nothing to do: it runs and boots by default',
  commit: 'it runs already; profile and boot default would be set',
  switch: 'it would be switched to, with probation',
  test: 'it would be activated until the next boot, with probation',
  boot: 'it would start at the next boot',
  stage: 'it would be staged for the next boot',
  wait: 'it would wait at the gate reboot',
};

function rowsOf(plan: Plan): readonly Row[] {
  const { commit, subject, branch, operation, closure, staged, inhibitors, units } = plan;
  const many = (label: string, texts: readonly string[], none: string): Row[] =>
    (texts.length === 0 ? [none] : texts).map((text, index) => ({ label: index === 0 ? label : '', text }));
  return [
    { label: 'commit', text: [shortId(commit), subject].filter(Boolean).join(' ') },
    { label: 'branch', text: `${branch}, operation ${operation}` },
    { label: 'toplevel', text: plan.toplevel },
    { label: 'running', text: plan.current ?? 'no system' },
    { label: 'would be', text: ways[plan.way], tone: 'strong' },
    ...(staged === null ? [] : [{ label: '', text: staged }]),
    { label: 'way back', text: plan.wayBack.message, tone: plan.wayBack.unattended ? 'plain' : 'held' },
    ...many(
      'held by',
      plan.holds.map(({ message }) => message),
      'nothing',
    ),
    ...many('reboot for', plan.rebootReasons, 'nothing'),
    ...many(
      'inhibitors',
      inhibitors.map(({ key, running, candidate }) => `${key}: ${running} -> ${candidate}`),
      'none',
    ),
    ...many('packages', closure.changes.map(tellChange), 'no version changes'),
    {
      label: 'store',
      text: `${closure.added} paths more, ${closure.removed} less, ${megabytes(closure.sizeDelta)}`,
    },
    ...(units === null
      ? [{ label: 'units', text: 'unknown: it cannot be asked' }]
      : many('units', units, 'no unit would change')),
    ...many('checks', plan.checks, 'none'),
  ];
}

function tellChange({ name, before, after }: Plan['closure']['changes'][number]): string {
  const versions = (list: readonly string[]) =>
    list.length === 0 ? 'absent' : list.map((version) => version || 'no version').join(', ');
  return `${name}: ${versions(before)} -> ${versions(after)}`;
}

function megabytes(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
