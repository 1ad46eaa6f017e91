import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createOwnEnding } from '../../src/daemon/own-end.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { PendingHook } from '../../src/domain/hook.ts';
import { exampleDeployment } from '../domain/example-view.ts';

const removal = { ...exampleDeployment, abide: 'removed' as const };
const running: Facts = { ...noFacts, deployment: removal };
const removed: Facts = { ...noFacts, deployments: [{ ...removal, outcome: 'committed', step: null }] };
const owed: PendingHook = {
  hook: 'postCommit',
  deployment: removal.id,
  commit: removal.commit,
  environment: {},
};

const endingFrom = (...seen: readonly Facts[]) => {
  const self = { supervised: true, startedAt: 0 };
  const ending = createOwnEnding(noFacts, self, pino({ level: 'silent' }));
  for (const facts of seen) ending.look(facts);
  return Promise.race([ending.ended, Promise.resolve('stays')]);
};

test('a daemon whose abide was removed ends once no hook is owed any more', async () => {
  const before = { ...removed, pendingHooks: [owed] };
  expect(await endingFrom(running, removed)).toBe('leave');
  expect(await endingFrom(running, before)).toBe('stays');
  expect(await endingFrom(running, before, removed)).toBe('leave');
});

test('what is deployed before the hook has run decides anew', async () => {
  const next = { ...removed, pendingHooks: [owed], deployment: { ...exampleDeployment, id: 'next' } };
  expect(await endingFrom(running, { ...removed, pendingHooks: [owed] }, next, removed)).toBe('stays');
});
