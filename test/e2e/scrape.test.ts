import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../metrics/catalogue.ts';
import { freePort } from '../harness/monitoring.ts';
import { createLab, type Lab } from './alpha-lab.ts';

/** What one scrape told, by series as they stand in the text. */
type Scrape = ReadonlyMap<string, number>;

/** As long as a Prometheus waits for an answer unless it is told otherwise. */
const patienceMs = 10_000;

const preload = new URL('../harness/crash-point.mjs', import.meta.url).href;

let lab: Lab;
let scraper: Scraper;

beforeAll(async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  lab = await createLab({
    config: (dir) => ({ metrics: { listen, textfile: join(dir, 'abide.prom') } }),
    // Only for its clock.
    env: (dir, env) => ({ ...env, NODE_OPTIONS: `--import=${preload}`, CRASH_DIR: join(dir, 'crash') }),
  });
  await lab.daemon.start();
  scraper = startScraper(`http://${listen}/metrics`);
});

afterAll(async () => {
  await scraper?.stop();
  await lab?.remove();
});

interface Scraper {
  /** Oldest first; what was scraped while nobody answered is left out. */
  readonly scrapes: readonly Scrape[];
  /** Scrapes that an abide that runs did not answer in time, as sentences. */
  readonly missed: readonly string[];
  readonly text: () => Promise<string>;
  stop(): Promise<void>;
}

/** Killed, and not started again yet; and just started. */
const notThere: ReadonlySet<string> = new Set([
  'fetch failed',
  'terminated',
  'the host was not observed yet',
]);

/** Scrapes ten times a second, which is more than any Prometheus does, so that no moment is passed over. */
function startScraper(url: string): Scraper {
  const scrapes: Scrape[] = [];
  const missed: string[] = [];
  const text = async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    const told = await response.text();
    if (!response.ok) throw new Error(told.trim());
    return told;
  };
  const ending = new AbortController();
  const scraping = (async () => {
    while (!ending.signal.aborted) {
      await text()
        .then((told) => scrapes.push(parse(told)))
        .catch((error: Error) => {
          if (!notThere.has(error.message)) missed.push(error.message);
        });
      await sleep(100);
    }
  })();
  return {
    scrapes,
    missed,
    text,
    stop: async () => {
      ending.abort();
      await scraping;
    },
  };
}

function parse(text: string): Scrape {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}

/** The series of one family, with the labels as text. */
function of(scrape: Scrape, family: string): readonly (readonly [labels: string, value: number])[] {
  return [...scrape]
    .filter(([series]) => series === family || series.startsWith(`${family}{`))
    .map(([series, value]) => [series.slice(family.length), value] as const);
}

const only = (scrape: Scrape, family: string) =>
  of(scrape, family).flatMap(([labels, value]) => (value === 1 ? [/"([^"]*)"/.exec(labels)?.[1] ?? ''] : []));
const states = () => new Set(scraper.scrapes.flatMap((scrape) => only(scrape, 'abide_state')));
const last = () => scraper.scrapes.at(-1)!;

/** The second scrape from now on began after now. */
async function scrapesMore(count: number): Promise<void> {
  const known = scraper.scrapes.length;
  await expect.poll(() => scraper.scrapes.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(known + count);
}

/** What one scrape says that cannot be true at one moment. */
function contradictions(scrape: Scrape): string[] {
  const oneOf = [
    'abide_status',
    'abide_state',
    'abide_config_info',
    'abide_waiting_info',
    'abide_deployment_last_info',
  ];
  const conditions = new Map<string, number>();
  for (const [labels, value] of of(scrape, 'abide_condition')) {
    const type = /condition="(\w+)"/.exec(labels)![1]!;
    conditions.set(type, (conditions.get(type) ?? 0) + value);
  }
  const slots = of(scrape, 'abide_system_info').map(([labels]) => /slot="(\w+)"/.exec(labels)![1]!);
  const since = new Map(of(scrape, 'abide_drift_since_timestamp_seconds'));
  return [
    ...oneOf.filter((family) => only(scrape, family).length !== 1).map((family) => `${family} is not one`),
    ...(of(scrape, 'abide_desired_info').length > 1 ? ['two commits are desired'] : []),
    ...[...conditions].filter(([, sum]) => sum !== 1).map(([type]) => `${type} has not one status`),
    ...(new Set(slots).size === slots.length ? [] : ['a slot holds two systems']),
    ...of(scrape, 'abide_drift')
      .filter(([labels, value]) => (value === 1) !== since.get(labels)! > 0)
      .map(([labels]) => `drift ${labels} and its time differ`),
  ];
}

/** Counters, kept times and series that are less in a scrape than in the one before. */
function losses(one: Scrape, next: Scrape): string[] {
  const isSameProcess = one.get('process_start_time_seconds') === next.get('process_start_time_seconds');
  const never = families.filter((family) => neverFalls(family, isSameProcess));
  const fallen = never.flatMap(({ name, type }) =>
    (type === 'histogram' ? [`${name}_count`, `${name}_sum`] : [name])
      .flatMap((family) => of(one, family).map(([labels]) => `${family}${labels}`))
      .filter((series) => (next.get(series) ?? -1) < one.get(series)!),
  );
  const closed = families.filter(({ labels }) => !Object.values(labels).includes('open'));
  const gone = closed
    .filter(({ name }) => !name.startsWith('abide_drift'))
    .flatMap(({ name }) => of(one, name).map(([labels]) => `${name}${labels}`))
    .filter((series) => !next.has(series));
  return [...fallen.map((series) => `${series} fell`), ...gone.map((series) => `${series} is gone`)];
}

function neverFalls({ name, type, persisted }: (typeof families)[number], isSameProcess: boolean): boolean {
  // Those of before a kill may be as old as the newest write of the journal.
  if (type === 'gauge')
    return isSameProcess && /^abide_(remote|reconcile)_last_\w+_timestamp_seconds$/.test(name);
  return persisted === true || isSameProcess;
}

const broken = () => [
  ...new Set([
    ...scraper.scrapes.flatMap(contradictions),
    ...scraper.scrapes.slice(1).flatMap((scrape, index) => losses(scraper.scrapes[index]!, scrape)),
  ]),
];

const promtool = (input: string) =>
  execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });

describe('a scraper that never rests', { timeout: 60_000 }, () => {
  test('is answered all through an activation, and in the middle of it with what promtool accepts', async () => {
    const deployed = lab.deploy('good', 'activateSeconds = 1;');
    await expect.poll(states, { timeout: 30_000 }).toContain('activating');
    expect(promtool(await scraper.text())).toBe('');
    await deployed;
    const during = scraper.scrapes.filter((scrape) => only(scrape, 'abide_state').includes('activating'));
    expect(during.length).toBeGreaterThan(2);
    for (const scrape of during) expect(only(scrape, 'abide_status')).toEqual(['Progressing']);
  });

  test('loses nothing when abide is killed in the middle of a rollback, and nothing is counted twice', async () => {
    const bad = await lab.release('bad', 'activateExit = 1;');
    await expect.poll(states, { timeout: 30_000 }).toContain('rollingBack');
    expect(promtool(await scraper.text())).toBe('');
    await lab.daemon.kill();
    await lab.daemon.start();
    await lab.daemon.until(
      'rolled back',
      ({ lastDeployment, deployment }) => deployment === null && lastDeployment?.outcome === 'rolled_back',
    );
    await scrapesMore(2);
    expect(last().get('abide_rollbacks_total{reason="activation"}')).toBe(1);
    expect(last().get('abide_deployments_total{outcome="rolled_back"}')).toBe(1);
    expect(of(last(), 'abide_deployment_last_info').join()).toContain(bad);
    expect(last().get('abide_quarantine_since_timestamp_seconds{branch="main"}')).toBeGreaterThan(0);
    expect(only(last(), 'abide_status')).toEqual(['Stalled']);
    // A remote that answered is not told to be silent because abide has not asked it again yet.
    const answers = scraper.scrapes.map((scrape) => scrape.get('abide_remote_up{remote="infra"}'));
    expect(answers.slice(answers.indexOf(1))).not.toContain(0);
  });

  test('is told the same trouble from the first answer after a restart, although no remote can be reached', async () => {
    const trouble = (scrape: Scrape) =>
      [...scrape].filter(([series]) => isTrouble(series)).map((sample) => sample.join(' '));
    const before = last();
    expect(trouble(before).length).toBeGreaterThan(20);
    await lab.daemon.kill();
    await rename(lab.infra.dir, `${lab.infra.dir}.away`);
    const from = scraper.scrapes.length;
    await lab.daemon.start();
    await lab.daemon.until('a failed fetch', ({ remotes }) => remotes[0]?.up === false);
    await scrapesMore(3);
    for (const scrape of scraper.scrapes.slice(from)) expect(trouble(scrape)).toEqual(trouble(before));
  });

  test('would find the same in the textfile, but for what tells of the process', async () => {
    const namesOf = (scrape: Scrape) =>
      [...scrape.keys()].map((series) => series.split('{')[0]!).filter((name) => name.startsWith('abide_'));
    const file = await readFile(join(lab.dir, 'abide.prom'), 'utf8');
    expect(new Set(namesOf(parse(file)))).toEqual(new Set(namesOf(last())));
    expect(promtool(file)).toBe('');
  });

  test('was answered each time, and told nothing that contradicts itself or goes back', async () => {
    await scraper.stop();
    expect(scraper.missed).toEqual([]);
    expect([...states()]).toEqual(
      expect.arrayContaining(['evaluating', 'activating', 'rollingBack', 'stalled']),
    );
    expect(broken()).toEqual([]);
  });
});

test('a clock that was ahead leaves no time in the future', { timeout: 60_000 }, async () => {
  const clock = join(lab.dir, 'crash/clock');
  const told = async () => parse(await scraper.text());
  const since = async () => (await told()).get('abide_drift_since_timestamp_seconds{kind="manual"}');
  const hour = 3600;
  await mkdir(dirname(clock), { recursive: true });
  await writeFile(clock, String(10 * hour * 1000));
  await rename(`${lab.infra.dir}.away`, lab.infra.dir);
  await symlink(`${lab.env['NIX_STORE_DIR']}/by-hand`, join(lab.host.root, 'run/other'));
  await rename(join(lab.host.root, 'run/other'), join(lab.host.root, 'run/current-system'));
  await expect.poll(since, { timeout: 20_000 }).toBeGreaterThan(Date.now() / 1000 + 9 * hour);
  await rm(clock);
  const ahead = async () =>
    [...(await told())]
      .filter(([series]) => /_timestamp_seconds/.test(series) && !series.startsWith('abide_next_reconcile'))
      .filter(([, value]) => value > Date.now() / 1000 + hour)
      .map(([series]) => series);
  await expect.poll(ahead, { timeout: 20_000 }).toEqual([]);
  expect(await since()).toBeGreaterThan(0);
});

/** What alerts look at, but for what tells of the remotes themselves. */
function isTrouble(series: string): boolean {
  const names = [
    'abide_status',
    'abide_quarantine',
    'abide_rollback',
    'abide_deployment',
    'abide_drift{',
    'abide_hold',
    'abide_suspended',
    'abide_reboot_required',
    'abide_trust_refused_heads',
    'abide_consecutive_failures',
    'abide_rebuild_last_success',
    'abide_desired_info',
  ];
  const isCondition =
    /^abide_condition(_transition_timestamp_seconds)?\{condition="(Ready|Stalled|InSync|Activated|Healthy)"/;
  return names.some((name) => series.startsWith(name)) || isCondition.test(series);
}
