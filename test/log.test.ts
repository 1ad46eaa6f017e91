import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Problem } from '../src/domain/problem.ts';
import { createLog, type LogOptions } from '../src/log.ts';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLog({ level: 'info', pretty: false, stream, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

describe('a log line', () => {
  test('is one JSON object with time, level by name, message and the fields', () => {
    const { log, lines, last } = capture();
    log.warn({ remote: 'origin', commit: 'a'.repeat(40), phase: 'fetch' }, 'cannot fetch');
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      remote: 'origin',
      commit: 'a'.repeat(40),
      phase: 'fetch',
      msg: 'cannot fetch',
    });
  });

  test('carries a problem as code, message and log, without a stack', () => {
    const { log, last } = capture();
    log.error({ err: new Problem('build_failed', 'error: boom', { log: ['one', 'two'] }) }, 'failed');
    expect(last()['err']).toEqual({ code: 'build_failed', message: 'error: boom', log: ['one', 'two'] });
  });

  test('carries what nobody foresaw with its stack', () => {
    const { log, last } = capture();
    log.error({ err: new TypeError('x is not a function') }, 'failed');
    expect(last()['err']).toMatchObject({ code: 'unexpected', message: 'x is not a function' });
    expect((last()['err'] as { stack: string[] }).stack[0]).toBe('TypeError: x is not a function');
  });

  test('a failure that is told as data keeps its code', () => {
    const { log, last } = capture();
    log.error({ err: { code: 'unlocked_input' } }, 'failed');
    expect(last()['err']).toEqual({ code: 'unlocked_input' });
  });

  test('loses control and bidi characters in message, fields, lists and errors', () => {
    const { log, lines, last } = capture();
    const evil = '\u001b[31mred\u001b[0m\u202e\u0007\nnext';
    log.info({ subject: evil, list: [evil], deep: { a: evil }, err: new Problem('network', evil) }, evil);
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({
      msg: 'red next',
      subject: 'red next',
      list: ['red next'],
      deep: { a: 'red next' },
      err: { message: 'red next' },
    });
  });

  test('is not written below the level', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.info({}, 'quiet');
    log.debug({}, 'quiet');
    log.error({}, 'loud');
    expect(lines).toHaveLength(1);
  });

  test('survives fields that contain themselves', () => {
    const { log, lines } = capture();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.info({ loop }, 'round');
    expect(lines[0]).toContain('round');
  });

  test('is readable, and one line, on a terminal', async () => {
    const { log, lines } = capture({ pretty: true });
    log.info({ remote: 'origin' }, 'fetched');
    await new Promise((resolve) => setImmediate(resolve));
    const text = lines.join('').replaceAll(/\u001b\[[0-9;]*m/g, '');
    expect(text).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: fetched .*origin.*\n$/);
  });
});
