import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An alert as Alertmanager tells it to a webhook. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One series of an answer; a value is a time in seconds and a number as text. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** A Prometheus and an Alertmanager of a test's own, on the loopback, that tell a webhook of alerts. */
export interface Monitoring {
  /** Every alert that the webhook got, oldest first. */
  readonly told: readonly ToldAlert[];
  /** Waits for the first of its name and status, from the given place in `told`. */
  heard(alert: string, status: ToldAlert['status'], from?: number): Promise<ToldAlert>;
  /** An instant query, as a table or a stat makes it. Throws what Prometheus says is wrong. */
  query(expr: string): Promise<readonly Series[]>;
  /** A range query over the last seconds, as a graph makes it. */
  queryRange(expr: string, lastSeconds: number, step?: number): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

/** Where an abide tells its metrics. */
export interface Target {
  readonly address: string;
  readonly instance: string | null;
}

/** Starts both in `dir`; everything is scraped and evaluated every second. */
export async function startMonitoring(options: {
  readonly dir: string;
  /** What is scraped, in job `abide`: `host:port`, and the instance it is called; null leaves the address. */
  readonly targets: readonly Target[];
  /** A rule file's text. */
  readonly rules: string;
}): Promise<Monitoring> {
  const { dir, targets, rules } = options;
  const told: ToldAlert[] = [];
  const hook = await listen(told);
  const [port, alertPort] = [await freePort(), await freePort()];
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'abide.rules.yml'), rules);
  // JSON is YAML.
  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(prometheusConfig(targets, alertPort)));
  await writeFile(join(dir, 'alertmanager.yml'), JSON.stringify(alertmanagerConfig(hook.port)));
  const children = [
    run(dir, 'prometheus-alertmanager', [
      `--config.file=${join(dir, 'alertmanager.yml')}`,
      `--storage.path=${join(dir, 'alerts')}`,
      `--web.listen-address=127.0.0.1:${alertPort}`,
      '--cluster.listen-address=',
    ]),
    run(dir, 'prometheus', [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'series')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]),
  ];
  const stop = async () => {
    hook.server.closeAllConnections();
    hook.server.close();
    await Promise.all(children.map(end));
  };
  try {
    await Promise.all([untilReady(port, dir), untilReady(alertPort, dir)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    told,
    heard: (alert, status, from = 0) => hear(told, { alert, status, from }, dir),
    query: (expr) => ask(port, 'query', { query: expr }),
    queryRange: (expr, lastSeconds, step = 1) => {
      const now = Date.now() / 1000;
      return ask(port, 'query_range', {
        query: expr,
        start: `${now - lastSeconds}`,
        end: `${now}`,
        step: `${step}`,
      });
    },
    stop,
  };
}

function prometheusConfig(targets: readonly Target[], alertPort: number) {
  const configs = targets.map(({ address, instance }) => ({
    targets: [address],
    ...(instance === null ? {} : { labels: { instance } }),
  }));
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['abide.rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertPort}`] }] }] },
    scrape_configs: [{ job_name: 'abide', static_configs: configs }],
  };
}

function alertmanagerConfig(hookPort: number) {
  return {
    route: {
      receiver: 'hook',
      group_by: ['...'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [
      { name: 'hook', webhook_configs: [{ url: `http://127.0.0.1:${hookPort}/`, send_resolved: true }] },
    ],
  };
}

async function listen(told: ToldAlert[]): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      told.push(...(JSON.parse(text) as { alerts: ToldAlert[] }).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function run(dir: string, file: string, args: readonly string[]): ChildProcess {
  const log = openSync(join(dir, 'monitoring.log'), 'a');
  const child = spawn(file, args, { cwd: dir, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(killing);
}

async function untilReady(port: number, dir: string): Promise<void> {
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; tries < 300; tries += 1) {
    if (await isReady()) return;
    await sleep(100);
  }
  throw new Error(`no answer on port ${port}:\n${readFileSync(join(dir, 'monitoring.log'), 'utf8')}`);
}

async function hear(
  told: readonly ToldAlert[],
  { alert, status, from }: { readonly alert: string; readonly status: string; readonly from: number },
  dir: string,
): Promise<ToldAlert> {
  for (let tries = 0; tries < 900; tries += 1) {
    const found = told.slice(from).find((one) => one.labels['alertname'] === alert && one.status === status);
    if (found) return found;
    await sleep(100);
  }
  const log = readFileSync(join(dir, 'monitoring.log'), 'utf8').slice(-3000);
  throw new Error(`${alert} was not told as ${status}; told was:\n${JSON.stringify(told, null, 1)}\n${log}`);
}

async function ask(
  port: number,
  what: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
): Promise<readonly Series[]> {
  const asked = new URLSearchParams(parameters).toString();
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${what}?${asked}`);
  const answer = (await response.json()) as { data?: { result: Series[] }; error?: string };
  if (!answer.data) throw new Error(`${parameters['query']}: ${answer.error}`);
  return answer.data.result;
}
