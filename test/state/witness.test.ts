import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noFacts } from '../../src/domain/facts.ts';
import { createWitness } from '../../src/state/witness.ts';
import { commitOf, exampleFacts } from './example-facts.ts';

const at = Date.parse('2026-01-02T03:04:05.678Z');
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-witness-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const file = () => join(dir, 'witness.json');
const witness = () => createWitness({ dir, now: () => at });

test('where nothing was written, the witness is fresh', () => {
  expect(witness().read()).toEqual({ kind: 'fresh' });
});

test('its form is frozen', () => {
  witness().write(exampleFacts);
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
    witness: 1,
    floor: { commit: commitOf('a'), payloadHash: 'sha256:00' },
    quarantine: [{ commit: commitOf('c'), toplevel: '/nix/store/c-system' }],
    pending: {
      deployment: '20260101T000000000Z-bbbbbbbb',
      toplevel: '/nix/store/b-system',
      previous: '/nix/store/a-system',
    },
    bootId: 'boot-1',
    writtenAt: '2026-01-02T03:04:05.678Z',
  });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('it is read back, and a host without facts has one too', () => {
  witness().write(noFacts);
  expect(witness().read()).toEqual({
    kind: 'loaded',
    document: {
      witness: 1,
      floor: null,
      quarantine: [],
      pending: null,
      bootId: null,
      writtenAt: '2026-01-02T03:04:05.678Z',
    },
  });
});

test('it is damaged at every length it can be cut to', () => {
  witness().write(exampleFacts);
  const whole = readFileSync(file());
  for (let length = 0; length < whole.length - 2; length += 1) {
    writeFileSync(file(), whole.subarray(0, length));
    expect(witness().read().kind, `cut to ${length} bytes`).toBe('damaged');
  }
});

test('fields of another version are no obstacle and stay', () => {
  witness().write(exampleFacts);
  const other = { ...JSON.parse(readFileSync(file(), 'utf8')), witness: 3, added: true };
  writeFileSync(file(), JSON.stringify(other));
  const one = witness();
  expect(one.read().kind).toBe('loaded');
  one.write(noFacts);
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ witness: 3, added: true, floor: null });
});

test.each(['floor', 'quarantine', 'pending', 'bootId'])('a malformed %s is damage', (field) => {
  witness().write(exampleFacts);
  const broken = { ...JSON.parse(readFileSync(file(), 'utf8')), [field]: 7 };
  writeFileSync(file(), JSON.stringify(broken));
  const reading = witness().read();
  expect(reading.kind === 'damaged' && reading.problem.message).toContain(field);
});

test('a damaged one is kept aside before it is overwritten', () => {
  writeFileSync(file(), 'torn');
  witness().write(exampleFacts);
  expect(readdirSync(dir).toSorted()).toEqual(['witness.damaged-20260102T030405678Z.json', 'witness.json']);
});
