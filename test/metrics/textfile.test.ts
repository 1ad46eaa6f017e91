import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { umask } from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMetrics } from '../../metrics/observe.ts';
import { keepTextfile } from '../../metrics/textfile.ts';
import type { Log } from '../../src/domain/log.ts';
import { settledView } from '../domain/example-view.ts';

let dir: string;
let kept: { close(): Promise<void> } | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-textfile-'));
});

afterEach(async () => {
  await kept?.close();
  await rm(dir, { recursive: true, force: true });
});

function keep(file: string, scrape: () => Promise<string> | null) {
  const lines: string[] = [];
  const write = (level: string) => (_fields: unknown, message: string) => lines.push(`${level} ${message}`);
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [level, write(level)]),
  ) as unknown as Log;
  kept = keepTextfile({ file, scrape, everyMs: 10, log });
  return lines;
}

test('the file is there at once, for everybody to read whatever the mask, and is renewed', async () => {
  const before = umask(0o077);
  try {
    let count = 0;
    const file = join(dir, 'abide.prom');
    keep(file, () => Promise.resolve(`abide_suspended ${(count += 1)}\n`));
    await expect.poll(() => readdirSync(dir)).toContain('abide.prom');
    await expect.poll(() => Number(readFileSync(file, 'utf8').split(' ')[1])).toBeGreaterThan(2);
    expect(statSync(file).mode & 0o777).toBe(0o644);
  } finally {
    umask(before);
  }
});

test('a reader never finds it half written, nor another file that node_exporter would read', async () => {
  const file = join(dir, 'abide.prom');
  const text = `${'abide_suspended 0\n'.repeat(50_000)}# end\n`;
  keep(file, () => Promise.resolve(text));
  await expect.poll(() => readdirSync(dir)).toContain('abide.prom');
  for (let look = 0; look < 200; look += 1) {
    expect(readFileSync(file, 'utf8').endsWith('# end\n')).toBe(true);
    expect(readdirSync(dir).filter((name) => name.endsWith('.prom'))).toEqual(['abide.prom']);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('what was told before stays while there is nothing to tell yet', async () => {
  const file = join(dir, 'abide.prom');
  writeFileSync(file, 'abide_suspended 1\n');
  let asked = 0;
  const lines = keep(file, () => ((asked += 1) < 3 ? null : Promise.resolve('abide_suspended 0\n')));
  expect(readFileSync(file, 'utf8')).toBe('abide_suspended 1\n');
  await expect.poll(() => readFileSync(file, 'utf8')).toBe('abide_suspended 0\n');
  expect(asked).toBeGreaterThan(2);
  expect(lines).toEqual([]);
});

test('a directory that is not there is said once, and used when it comes', async () => {
  const file = join(dir, 'later', 'abide.prom');
  let tries = 0;
  const lines = keep(file, () => Promise.resolve(`abide_suspended ${(tries += 1)}\n`));
  await expect.poll(() => tries).toBeGreaterThan(3);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
    `warn metrics cannot be written to ${file}; trying again`,
  ]);
  mkdirSync(join(dir, 'later'));
  await expect.poll(() => lines.at(-1)).toBe(`info ${file} can be written again`);
  expect(readdirSync(join(dir, 'later'))).toContain('abide.prom');
});

test('what cannot be written leaves nothing beside the file that was there', async () => {
  const file = join(dir, 'abide.prom');
  let text: () => Promise<string> = () => Promise.resolve('abide_suspended 1\n');
  const lines = keep(file, () => text());
  await expect.poll(() => readdirSync(dir)).toContain('abide.prom');
  text = () => Promise.reject(new Error('bug'));
  await expect.poll(() => lines.some((line) => line.startsWith('warn'))).toBe(true);
  await kept?.close();
  expect(readdirSync(dir)).toEqual(['abide.prom']);
  expect(readFileSync(file, 'utf8')).toBe('abide_suspended 1\n');
});

test('it tells of the host and not of the process, which node_exporter has its own of', async () => {
  const metrics = createMetrics({ remotes: ['origin'], checks: ['units'], version: '0.1.0', now: () => 0 });
  metrics.updateFrom(settledView, []);
  const text = await metrics.textfile();
  expect(text).not.toContain('process_');
  const names = (all: string) => new Set([...all.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  const scraped = [...names(await metrics.scrape())].filter((name) => !name?.startsWith('process_'));
  expect([...names(text)]).toEqual(scraped);
  expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
});
