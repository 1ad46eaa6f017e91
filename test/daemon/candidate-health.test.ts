import { expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { healthSchema } from '../../src/config/health-schema.ts';
import { createCandidateHealth } from '../../src/daemon/candidate-health.ts';
import { seen } from '../machines/harness.ts';

const health = (more: object): Config['health'] => healthSchema.parse(more);
const web = { name: 'web', tcp: { port: 80 } };
const made: Config['health'][] = [];
const candidateOf = (running: object, brought: object | null, asked: string[] = []) =>
  createCandidateHealth({
    running: health(running),
    make: (config) => {
      made.push(config);
      return { names: config.checks.map(({ name }) => name) } as never;
    },
    read: (toplevel) => {
      asked.push(toplevel);
      return Promise.resolve(brought && health(brought));
    },
  });

test('a system that brings nothing, or the same, is held to the running checks', async () => {
  for (const brought of [null, { checks: [web] }]) {
    const { health: checks, rules, excusing } = await candidateOf({ checks: [web] }, brought)('/a');
    expect(checks.names).toEqual(['web']);
    expect(rules).toBeNull();
    expect(excusing([seen('web', 'failing')])).toEqual([seen('web', 'failing')]);
  }
});

test('what a system brings counts instead, its times too', async () => {
  const of = candidateOf({ checks: [web] }, { checks: [], settle: '1s', stableFor: '2s', deadline: '9s' });
  const { health: checks, rules } = await of('/a');
  expect(checks.names).toEqual([]);
  expect(rules).toEqual({ settleMs: 1000, stableForMs: 2000, deadlineMs: 9000 });
});

test('a failure from before excuses only a check that was asked for before', async () => {
  const api = { name: 'api', tcp: { port: 81 } };
  const moved = { name: 'web', tcp: { port: 8080 } };
  const { excusing } = await candidateOf({ checks: [web, api] }, { checks: [moved, api] })('/a');
  const before = [seen('web', 'failing'), seen('api', 'failing'), seen('units', 'failing')];
  expect(excusing(before).map(({ status }) => status)).toEqual(['unknown', 'failing', 'failing']);
  expect(excusing([seen('web', 'passing')])[0]?.status).toBe('passing');
});

test('a system is read once as long as it is the newest, because its checks remember', async () => {
  const asked: string[] = [];
  const of = candidateOf({}, { checks: [web] }, asked);
  expect(await of('/a')).toBe(await of('/a'));
  await of('/b');
  await of('/a');
  expect(asked).toEqual(['/a', '/b', '/a']);
});
