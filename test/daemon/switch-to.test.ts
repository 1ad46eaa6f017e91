import { expect, test } from 'vitest';
import { switchTo } from '../../src/daemon/switch-to.ts';
import type { Deployment, SwitchResult } from '../../src/domain/deployment.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { SwitchOrder } from '../../src/host/activate.ts';
import type { JobState } from '../../src/host/job-state.ts';
import { exampleDeployment } from '../domain/example-view.ts';

const fine: SwitchResult = { exitCode: 0, signal: null, timedOut: false, log: [] };
const full = new Problem('journal_unwritable', 'no space is left');

/** A host on which the disk may be full, and looks at the switch end one after the other as `looks` says. */
function createHost(more: {
  readonly begun: boolean;
  readonly isFull?: boolean;
  readonly looks?: readonly (SwitchResult | Error)[];
  readonly states?: readonly (JobState | Error)[];
  readonly deadMan?: Error;
}) {
  const asked: string[] = [];
  let { begun } = more;
  const looks = [...(more.looks ?? [fine])];
  const states = [...(more.states ?? [])];
  const unused = () => Promise.reject(new Error('not here'));
  const settle = <T>(value: T | Error): Promise<T> =>
    value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  const warned: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_: object, text: string) => warned.push(text),
    error: (_: object, text: string) => warned.push(text),
  };
  const run = (deployment: Deployment) =>
    switchTo(
      {
        activator: {
          run: ({ attempt, toplevel }: SwitchOrder) => {
            asked.push(`run ${attempt}`);
            expect(toplevel).toBe(deployment.toplevel);
            begun ||= !(looks[0] instanceof Error) || !states.includes('none');
            return settle(looks.shift()!);
          },
          state: () => settle<JobState>(states.shift() ?? (begun ? 'running' : 'none')),
          nextAttempt: unused,
          end: unused,
        },
        keeper: {
          flush: () => {
            asked.push('flush');
            if (more.isFull) throw full;
          },
        },
        deadMan: {
          state: () =>
            settle(
              more.deadMan ?? {
                state: 'armed',
                byItself: false,
                found: null,
                failures: 0,
                lastExit: null,
                log: [],
              },
            ),
          hook: (dir: string, probation: number) => ({ dir, probation }),
        },
        facts: () => ({ probation: null }),
        deadManSeconds: () => ({ switching: 1, probation: 1 }),
        onProgress: () => undefined,
        activateTimeoutMs: 1000,
        lookAgainMs: 1,
        log,
      } as never,
      deployment,
    );
  return { run, asked, warned };
}

const first: Deployment = { ...exampleDeployment, step: 'switch', outcome: null, retried: false };

test.each([
  [1, first],
  [2, { ...first, retried: true }],
])('try %i is journalled before it begins', async (attempt, deployment) => {
  const host = createHost({ begun: false });
  expect(await host.run(deployment)).toEqual(fine);
  expect(host.asked).toEqual(['flush', `run ${attempt}`]);
});

test('is not begun where the journal cannot say so', async () => {
  const host = createHost({ begun: false, isFull: true });
  await expect(host.run(first)).rejects.toBe(full);
  expect(host.asked).toEqual(['flush']);
});

test('one that an earlier daemon began is followed although the disk is full', async () => {
  const host = createHost({ begun: true, isFull: true });
  expect(await host.run(first)).toEqual(fine);
  expect(host.asked).toEqual(['run 1']);
});

test('one that was begun is never given up: not for a program that cannot be started, nor a look that fails', async () => {
  const fork = new Error('spawn EAGAIN');
  const host = createHost({ begun: true, looks: [fork, fork, fine], states: ['running', fork, fork] });
  expect(await host.run(first)).toEqual(fine);
  expect(host.asked).toEqual(['run 1', 'run 1', 'run 1']);
  expect(host.warned).toEqual(['the switch cannot be followed; it goes on, and is looked at again']);
});

test('one that could not be begun says so', async () => {
  const cannot = new Problem('process_failed', 'systemd-run could not start it');
  const host = createHost({ begun: false, looks: [cannot], states: ['none', 'none'] });
  await expect(host.run(first)).rejects.toBe(cannot);
});

test('its end is not lost for a dead-man that cannot be looked at', async () => {
  const host = createHost({ begun: false, deadMan: new Error('spawn EAGAIN') });
  expect(await host.run(first)).toEqual(fine);
  expect(host.warned).toEqual(['the dead-man cannot be looked at after the switch']);
});
