import { expect, test } from 'vitest';
import { createRetirement } from '../../src/daemon/retirement.ts';
import {
  adoptWayBack,
  armWayBack,
  callOff,
  goBack,
  hookOf,
  unlessUndone,
} from '../../src/daemon/way-back.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { DeadMan } from '../../src/host/dead-man.ts';
import type { DeadManState } from '../../src/host/dead-man-state.ts';
import { exampleDeployment } from '../domain/example-view.ts';
import { host } from '../machines/harness.ts';

const running = (more: Partial<Deployment> = {}): Facts => ({
  ...noFacts,
  deployment: {
    ...exampleDeployment,
    outcome: null,
    step: 'probation',
    reason: null,
    message: null,
    ...more,
  },
});
const left = (state: DeadManState['state'], byItself = false): DeadManState => ({
  state,
  byItself,
  found: null,
  failures: 0,
  lastExit: null,
  isAtLoader: false,
  log: [],
});

/** A dead-man in one state, and what was asked of it. */
function fakeDeadMan(state: DeadManState) {
  const asked: string[] = [];
  const note = (text: string) => {
    asked.push(text);
    return Promise.resolve();
  };
  const deadMan: DeadMan = {
    arm: ({ deployment }, arming, seconds) => note(`arm ${deployment} ${arming} ${seconds}`),
    disarm: (deployment) => note(`disarm ${deployment}`),
    clear: (keep) => note(`clear ${keep}`),
    start: ({ deployment }) => note(`start ${deployment}`),
    startAll: () => note('start all').then(() => ['d9']),
    state: () => Promise.resolve(state),
    hook: (dir, probation) => ({ dir, probation }),
  };
  return { deadMan, asked };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

const warnings: string[] = [];
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_: object, text: string) => warnings.push(text),
  error: (_: object, text: string) => warnings.push(text),
};
const seconds = () => ({ switching: 2400, probation: 400 });
const adopt = async (facts: Facts, state: DeadManState, isLoaded = true) => {
  const bootId = facts.deployment?.bootId ?? null;
  const { deadMan, asked } = fakeDeadMan(state);
  const parts = { deadMan, deadManSeconds: seconds, log, isLoaded, bootId };
  return { facts: await adoptWayBack(facts, parts), asked };
};

test.each(['acting', 'went-back'] as const)('a dead-man that is %s decides the deployment', async (state) => {
  const { facts, asked } = await adopt(running(), left(state, true));
  expect(facts.deployment).toMatchObject({ step: 'rollback', reason: 'ActivationFailed' });
  expect(facts.deployment?.message).toContain('abide was away');
  expect(asked).toEqual([]);
});

test.each([left('armed'), left('went-back')])(
  'one that is $state (by itself: $byItself) decides nothing',
  async (state) => {
    const before = running();
    expect(await adopt(before, state)).toEqual({ facts: before, asked: [] });
  },
);

test.each(['none', 'gone', 'disarmed', 'stood-by'] as const)(
  'one that is %s is armed anew for what is not judged yet',
  async (state) => {
    const { id } = exampleDeployment;
    expect((await adopt(running(), left(state))).asked).toEqual([`arm ${id} again 2400`]);
    expect((await adopt(running({ step: 'profile' }), left(state))).asked).toEqual([]);
    expect((await adopt(running({ operation: 'boot' }), left(state))).asked).toEqual([]);
  },
);

test('without a deployment nothing stays armed; without a journal what is armed acts', async () => {
  expect((await adopt(noFacts, left('armed'))).asked).toEqual(['clear null']);
  expect((await adopt(noFacts, left('went-back'), false)).asked).toEqual(['start all']);
  expect(warnings.at(-1)).toContain('its dead-man goes back now');
});

test('a switch whose dead-man acted was undone, whatever it says', async () => {
  const result = { exitCode: 0, signal: null, timedOut: false, log: [] };
  const seen = (state: DeadManState) => unlessUndone(fakeDeadMan(state) as never, exampleDeployment, result);
  expect(await seen(left('went-back', true))).toMatchObject({ exitCode: null, signal: 'dead-man' });
  expect(await seen(left('armed'))).toEqual(result);
});

test.each(['none', 'gone', 'disarmed'] as const)(
  'one that is %s after the switch is armed anew',
  async (state) => {
    const { deadMan, asked } = fakeDeadMan(left(state));
    const parts = { deadMan, log, deadManSeconds: seconds, facts: () => noFacts } as never;
    const result = { exitCode: 0, signal: null, timedOut: false, log: [] };
    expect(await unlessUndone(parts, exampleDeployment, result)).toEqual(result);
    expect(asked).toEqual([`arm ${exampleDeployment.id} again 400`]);
  },
);

test('the journal is written before the dead-man is called off', async () => {
  const { deadMan, asked } = fakeDeadMan(left('armed'));
  const keeper = { flush: () => asked.push('flush') };
  await callOff({ deadMan, keeper } as never, exampleDeployment);
  expect(asked).toEqual(['flush', `clear ${exampleDeployment.id}`, `disarm ${exampleDeployment.id}`]);
});

test('a switch without a way back tells nobody', () => {
  const parts = { ...fakeDeadMan(left('none')), deadManSeconds: seconds, facts: () => noFacts } as never;
  const { previous } = exampleDeployment;
  expect(hookOf(parts, exampleDeployment)).toEqual({ dir: exampleDeployment.id, probation: 400 });
  expect(hookOf(parts, { ...exampleDeployment, previous: { ...previous, toplevel: null } })).toBeNull();
});

test('a deployment that ended is retired once, and the next one is kept', async () => {
  const { deadMan, asked } = fakeDeadMan(left('armed'));
  const retire = createRetirement({ deadMan, keeper: { flush: () => undefined }, log });
  for (const facts of [noFacts, running(), running(), noFacts, noFacts]) retire(facts);
  await settled();
  for (const facts of [running(), running({ id: 'd2' })]) retire(facts);
  await settled();
  expect(asked).toEqual(['clear null', 'clear d2']);
});

test('a deployment whose end is not on disk keeps its dead-man until it is', async () => {
  const { deadMan, asked } = fakeDeadMan(left('armed'));
  let isFull = true;
  const flush = () => {
    if (isFull) throw new Problem('journal_unwritable', 'no space left on device');
  };
  const retire = createRetirement({ deadMan, keeper: { flush }, log });
  for (const facts of [running(), noFacts, noFacts]) retire(facts);
  await settled();
  expect(asked).toEqual([]);
  isFull = false;
  retire(noFacts);
  await settled();
  expect(asked).toEqual(['clear null']);
});

test('a retirement that comes late leaves the deployment alone that runs by then', async () => {
  const { deadMan, asked } = fakeDeadMan(left('armed'));
  let goOn = () => {};
  const hanging = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const clear: DeadMan['clear'] = (keep) => deadMan.clear(keep).then(() => hanging);
  const retire = createRetirement({ deadMan: { clear }, keeper: { flush: () => undefined }, log });
  for (const facts of [running(), noFacts]) retire(facts);
  await settled();
  for (const facts of [running({ id: 'd2' }), noFacts, running({ id: 'd3' })]) retire(facts);
  goOn();
  await settled();
  expect(asked).toEqual(['clear null', 'clear d3']);
});

test('what runs while an orphan goes back is not looked at', async () => {
  const states = [left('armed'), left('acting'), left('acting'), left('went-back')];
  const asked: string[] = [];
  const { deadMan } = fakeDeadMan(left('acting'));
  const state: DeadMan['state'] = () => {
    const now = states.shift() ?? left('went-back');
    asked.push(now.state);
    return Promise.resolve(now);
  };
  await adoptWayBack(noFacts, {
    deadMan: { ...deadMan, state },
    deadManSeconds: seconds,
    log,
    isLoaded: false,
    bootId: null,
  });
  expect(asked).toEqual(['armed', 'acting', 'acting', 'went-back']);
});

test('nothing is armed for a way back that could not be taken, and the deployment says so', async () => {
  const { deadMan, asked } = fakeDeadMan(left('none'));
  const parts = { deadMan, log, deadManSeconds: seconds, facts: () => noFacts } as never;
  const why = await armWayBack(parts, exampleDeployment);
  expect(why).toMatch(/has no switch-to-configuration: nothing can go back to it$/);
  expect(asked).toEqual([]);
  const told = { ...exampleDeployment, noWayBack: why };
  expect(hookOf(parts, told)).toBeNull();
  expect(await armWayBack(parts, told)).toBe(why);
});

test('a first boot that failed does not boot again, also where a person switched to yet another system', async () => {
  const calls: string[] = [];
  const note = (text: string) => {
    calls.push(text);
    return Promise.resolve();
  };
  const { toplevel } = exampleDeployment;
  const before = '/nix/store/before';
  let profile = { generation: 2, toplevel };
  const observed = () => ({ ...host('other'), profile, bootDefault: toplevel });
  const way = { ...exampleDeployment.previous, toplevel: before, profile: before, bootDefault: before };
  const parts = {
    keeper: { flush: () => undefined },
    rollBack: () => Promise.resolve({ observed: observed(), byItself: false, note: 'another system runs' }),
    observer: { observe: () => Promise.resolve(observed()) },
    profile: {
      set: (to: string) => {
        profile = { generation: 3, toplevel: to };
        return note(`profile ${to}`);
      },
      read: () => Promise.resolve(profile),
    },
    bootLoader: { install: ({ toplevel: to }: { toplevel: string }) => note(`loader ${to}`) },
    facts: () => noFacts,
    log,
  };
  const trial: Deployment = {
    ...exampleDeployment,
    trigger: 'boot',
    previous: way,
    noRollback: null,
    noWayBack: null,
  };
  const went = await goBack(parts as never, trial);
  expect(calls).toEqual([`profile ${before}`, `loader ${before}`]);
  expect(went).toMatchObject({ note: 'another system runs', observed: { profile: { toplevel: before } } });
});
