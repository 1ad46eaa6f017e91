import { assert, json, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { parseInternalJson } from '../../src/nix/internal-json.ts';

test('ids above 2^53 stay apart', () => {
  const ids = ['18014398509481984', '18014398509481985'].map((id) => {
    const event = parseInternalJson(`@nix {"action":"stop","id":${id}}`);
    return event.action === 'stop' ? event.id : null;
  });
  expect(ids).toEqual(['18014398509481984', '18014398509481985']);
});

test('a start has its parent where the version sends one, and no parent is null', () => {
  const start = '"action":"start","id":7,"level":3,"text":"building","type":105,"fields":["/x.drv","",1,1]';
  expect(parseInternalJson(`@nix {${start},"parent":18014398509481985}`)).toEqual({
    action: 'start',
    id: '7',
    parent: '18014398509481985',
    level: 3,
    text: 'building',
    type: 105,
    fields: ['/x.drv', '', 1, 1],
  });
  expect(parseInternalJson(`@nix {${start},"parent":0}`)).toMatchObject({ parent: null });
  expect(parseInternalJson(`@nix {${start}}`)).toMatchObject({ parent: null });
});

test('a text that looks like an id is left alone', () => {
  const text = 'say "id":5 and "parent":6';
  const line = `@nix ${JSON.stringify({ action: 'result', id: 1, type: 101, fields: [text] })}`;
  expect(parseInternalJson(line)).toEqual({ action: 'result', id: '1', type: 101, fields: [text] });
});

test('a message keeps the error apart from its trace', () => {
  const line = '@nix {"action":"msg","level":0,"msg":"error:\\n … while\\n error: x","raw_msg":"x"}';
  expect(parseInternalJson(line)).toEqual({
    action: 'msg',
    level: 0,
    text: 'error:\n … while\n error: x',
    rawText: 'x',
  });
});

test('lines of other programs, torn events and unknown actions are raw lines', () => {
  for (const text of [
    'fatal: x',
    '@nix {"action":"start","id":',
    '@nix []',
    '@nix {"action":"new","id":1}',
    '@nix {"action":"stop"}',
  ]) {
    expect(parseInternalJson(text)).toEqual({ action: 'raw', text });
  }
});

test('no line makes it throw', () => {
  assert(property(string(), (text) => void parseInternalJson(`@nix ${text}`)));
  assert(property(json(), (text) => void parseInternalJson(`@nix ${text}`)));
});
