import { createMetrics } from '../../metrics/observe.ts';
import { deriveConditions } from '../../src/domain/conditions.ts';
import { decide } from '../../src/domain/decide.ts';
import type { CommitRecord } from '../../src/domain/facts.ts';
import { hostStatus } from '../../src/domain/host-status.ts';
import type { Loop } from '../../src/domain/loop.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { selectFor } from '../../src/domain/select-for.ts';
import { exampleRemote, settledView } from '../domain/example-view.ts';
import { head, history, host, id, policy } from '../machines/harness.ts';
import type { Figure } from './figure.ts';

const remembered = 200;
const samplesOfEach = 30;
const callsPerSample = 200;
const names = ['origin', 'backup', 'laptop'];

/** What one transition of the loop costs in thinking, beside writing down what it knows. */
export function decisions(): Figure[] {
  const loop = exampleLoop();
  const view = viewOf(loop);
  const metrics = createMetrics({ remotes: names, checks: [], version: '0', now: Date.now });
  const now = new Date(0).toISOString();
  const beside = { unit: 'µs', baselineName: '`JSON.stringify` of the facts' } as const;
  const write = () => JSON.stringify(loop.facts).length;
  const figure = (name: string, work: () => unknown, limit: number): Figure => ({
    name,
    ...interleaved(work, write),
    ...beside,
    aim: { text: `at most ${limit} µs`, met: (ours) => ours <= limit },
  });
  return [
    figure('selection and decision, three remotes, 200 commits', () => decide(loop, 0), 200),
    figure(
      'conditions and gauges of one transition',
      () => {
        const seen = { ...view, ...selectFor(loop) };
        metrics.updateFrom(seen, deriveConditions(seen, [], now));
      },
      1000,
    ),
    figure('the whole status', () => hostStatus({ ...view, ...selectFor(loop) }, [], now), 1000),
  ];
}

function interleaved(work: () => unknown, baseline: () => unknown) {
  const samples = { abide: [] as number[], baseline: [] as number[] };
  for (const each of [work, baseline]) timeOf(each);
  for (let sample = 0; sample < samplesOfEach; sample += 1) {
    samples.abide.push(timeOf(work));
    samples.baseline.push(timeOf(baseline));
  }
  return samples;
}

function timeOf(work: () => unknown): number {
  const begun = performance.now();
  for (let call = 0; call < callsPerSample; call += 1) work();
  return ((performance.now() - begun) * 1000) / callsPerSample;
}

function exampleLoop(): Loop {
  const line = Array.from({ length: remembered }, (_, index) => `c${index}`);
  const newest = `c${remembered - 1}`;
  const offer = (remote: string) => ({ remote, main: head(newest), testing: head('trial') });
  const commits = line.map((name): CommitRecord => ({
    commit: id(name),
    subject: `subject of ${name}`,
    author: 'Ada',
    committedAt: '2026-01-01T00:00:00Z',
    firstSeen: '2026-01-01T00:00:00Z',
    derivation: null,
    payloadHash: null,
    signer: null,
    toplevel: `/nix/store/${name}`,
  }));
  return {
    policy: { ...policy, remotes: names.map((name) => ({ name, main, testing })) },
    facts: { ...settledView.facts, floor: { commit: id('c0'), payloadHash: null }, commits },
    offers: Object.fromEntries(names.map((name) => [name, offer(name)])),
    ancestry: history(`c0 ${newest} trial`),
    observed: host('c0'),
    target: null,
    evaluation: null,
    built: false,
    inspection: null,
    waiting: null,
    admitted: false,
    supersessions: 0,
    asked: null,
  };
}

const main = { name: 'main', operation: 'switch' } as const;
const testing = { name: 'testing-web1', operation: 'test' } as const;

function viewOf({ facts, observed }: Loop): LoopView {
  return { ...settledView, facts, observed, remotes: names.map((name) => exampleRemote(name)) };
}
