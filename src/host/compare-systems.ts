import { join } from 'node:path';
import type { Comparison, Inhibitor } from '../domain/preflight.ts';
import { readText } from './read-text.ts';
import { rebootNeed } from './reboot-need.ts';

/** A built system beside the ones that run and were booted; null where there is none. */
export interface Systems {
  readonly toplevel: string;
  readonly running: string | null;
  readonly booted: string | null;
}

/** Compares files of the toplevels; runs nothing, never throws, and what cannot be read is no difference. */
export async function compareSystems({ toplevel, running, booted }: Systems): Promise<Comparison> {
  const [inhibitors, init, rebootReasons] = await Promise.all([
    inhibitorsBetween(running, toplevel),
    initBetween(running, toplevel),
    rebootNeed(booted, toplevel),
  ]);
  return { inhibitors, init, rebootReasons: rebootReasons ?? [] };
}

async function inhibitorsBetween(running: string | null, candidate: string): Promise<Inhibitor[]> {
  if (running === null) return [];
  const [now, then] = await Promise.all([inhibitorsOf(running), inhibitorsOf(candidate)]);
  return Object.keys(now)
    .filter((key) => Object.hasOwn(then, key) && now[key] !== then[key])
    .map((key) => ({ key, running: now[key] ?? '', candidate: then[key] ?? '' }));
}

async function inhibitorsOf(toplevel: string): Promise<Readonly<Record<string, string>>> {
  try {
    const value: unknown = JSON.parse((await readText(join(toplevel, 'switch-inhibitors'))) ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, textOf(each)]));
  } catch {
    return {};
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function initBetween(running: string | null, candidate: string): Promise<Comparison['init']> {
  if (running === null) return null;
  const [now, then] = await Promise.all(
    [running, candidate].map((toplevel) => readText(join(toplevel, 'init-interface-version'), 4096)),
  );
  const [one, other] = [now?.trim(), then?.trim()];
  return one === undefined || other === undefined || one === other
    ? null
    : { running: one, candidate: other };
}
