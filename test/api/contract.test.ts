import { describe, expect, expectTypeOf, test } from 'vitest';
import type * as z from 'zod';
import { auditLogSchema, type auditRecordSchema } from '../../src/api/contract-audit.ts';
import { deploymentListSchema, deploymentSchema } from '../../src/api/contract-deployment.ts';
import { parseLength } from '../../src/api/contract-duration.ts';
import { eventListSchema, hostEventSchema } from '../../src/api/contract-event.ts';
import { hostStatusSchema } from '../../src/api/contract-status.ts';
import { whySchema } from '../../src/api/contract-why.ts';
import { requestSchemas } from '../../src/api/contract.ts';
import type { AuditRecord } from '../../src/domain/audit.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import type { HostEvent } from '../../src/domain/event.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { whyDecisions, whyStandings, type WhyAnswer } from '../../src/domain/why-answer.ts';
import { makeEvent } from './fake-daemon.ts';
import { sampleAudit } from './sample-audit.ts';
import { sampleDeployment, sampleStatus, troubledStatus } from './sample-status.ts';

describe('schemas of answers', () => {
  test('say exactly what the types of the domain say', () => {
    expectTypeOf<HostStatus>().toExtend<z.output<typeof hostStatusSchema>>();
    expectTypeOf<Deployment>().toExtend<z.output<typeof deploymentSchema>>();
    expectTypeOf<HostEvent>().toExtend<z.output<typeof hostEventSchema>>();
    expectTypeOf<AuditRecord>().toExtend<z.output<typeof auditRecordSchema>>();
    expectTypeOf<keyof HostStatus>().toEqualTypeOf<keyof z.output<typeof hostStatusSchema>>();
    expectTypeOf<keyof Deployment>().toEqualTypeOf<keyof z.output<typeof deploymentSchema>>();
    expectTypeOf<keyof HostEvent>().toEqualTypeOf<keyof z.output<typeof hostEventSchema>>();
  });

  test.each([
    ['in sync', sampleStatus],
    ['in trouble', troubledStatus],
  ])('keep every field of a status %s', (_mood, status) => {
    expect(hostStatusSchema.parse(status)).toEqual(status);
  });

  test('keep every field of a deployment and of an event', () => {
    const list = { apiVersion: 'abide/v1', kind: 'DeploymentList', deployments: [sampleDeployment] };
    expect(deploymentListSchema.parse(list)).toEqual(list);
    const events = { apiVersion: 'abide/v1', kind: 'EventList', events: [makeEvent(7)] };
    expect(eventListSchema.parse(events)).toEqual(events);
  });

  test('keep every field of every kind of record, whatever the chain is worth', () => {
    const broken = { file: 'audit.jsonl', line: 3, seq: null, message: 'this line is no record' };
    for (const chain of ['intact', { broken }]) {
      const log = { apiVersion: 'abide/v1', kind: 'AuditLog', chain, records: sampleAudit };
      expect(auditLogSchema.parse(log)).toEqual(log);
    }
  });

  test('keep every field of an explanation', () => {
    const answer: WhyAnswer = {
      apiVersion: 'abide/v1',
      kind: 'Why',
      commits: whyStandings.map((standing) => ({
        commit: 'abcdef1',
        subject: null,
        standing,
        message: 'said',
        offers: [{ remote: 'origin', role: 'main', ref: 'main' }],
        reasons: whyDecisions.map((decision) => ({ decision, message: 'why', next: null })),
      })),
      remarks: ['origin cannot be reached'],
    };
    expect(whySchema.parse(answer)).toEqual(answer);
  });

  test('refuse a field that is absent where null is meant', () => {
    const { suspended: _absent, ...rest } = sampleStatus;
    expect(hostStatusSchema.safeParse(rest).success).toBe(false);
  });
});

describe('requests', () => {
  test('suspend takes a duration and gives milliseconds', () => {
    expect(requestSchemas.suspend.parse({ reason: ' tea \u001b[31mtime ', for: '2h' })).toEqual({
      reason: 'tea time',
      forMs: 7_200_000,
      by: null,
    });
  });

  test.each([
    ['suspend', {}],
    ['suspend', { reason: '' }],
    ['suspend', { reason: '\u001b[31m\u202e' }],
    ['suspend', { reason: 'x', for: '2 weeks' }],
    ['suspend', { reason: 'x', until: 'tomorrow' }],
    ['suspend', { reason: 'x'.repeat(1001) }],
    ['reconcile', { force: true }],
    ['reconcile', JSON.parse('{"__proto__": {"by": "x"}}')],
    ['resume', []],
    ['retry', { commit: 'main' }],
    ['accept', { commit: '4f2a9c1e' }],
    ['accept', { commit: '--upload-pack=x', reason: 'x' }],
  ] as const)('%s refuses %j', (name, body) => {
    expect(requestSchemas[name].safeParse(body).success).toBe(false);
  });

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['24d', 24 * 86_400_000],
    ['25d', null],
    ['0s', null],
    ['-1h', null],
    ['1.5h', null],
    ['2H', null],
    ['', null],
    ['999999999999d', null],
  ])('the length %j is %s ms', (text, ms) => {
    expect(parseLength(text)).toBe(ms);
  });
});
