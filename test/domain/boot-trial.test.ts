import { describe, expect, test } from 'vitest';
import { bootProvenBeside, newestBootProven, withBootProven } from '../../src/domain/boot-proven.ts';
import { lastingOf } from '../../src/domain/first-boot.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { noticeReboot } from '../../src/domain/notice-reboot.ts';
import { host, id, seen, top } from '../machines/harness.ts';

const proven = (...names: string[]) =>
  names.map((name) => ({ toplevel: top(name), since: '2026-01-01T00:00:00.000Z' }));
const quarantined = (name: string) => ({
  commit: id(name),
  toplevel: top(name),
  reason: 'HealthCheckFailed',
  since: '',
  deployment: null,
});
const expects = (name: string, more: Partial<Facts> = {}): Facts => ({
  ...noFacts,
  bootId: 'boot-1',
  bootProven: proven('old'),
  expected: {
    commit: id(name),
    branch: 'main',
    operation: 'switch',
    current: top(name),
    profile: top(name),
    bootDefault: top(name),
    committed: true,
    since: '',
  },
  ...more,
});

describe('what is boot-proven', () => {
  test('is what was booted when abide came to the host', () => {
    expect(noticeReboot(noFacts, host('old')).bootProven).toEqual(proven('old'));
    expect(noticeReboot(noFacts, host(null)).bootProven).toEqual([]);
  });

  test('is not what a later boot started, where nobody remembers', () => {
    const lost = { ...noFacts, bootId: 'boot-1' };
    expect(noticeReboot(lost, host('m1', { bootId: 'boot-2' })).bootProven).toEqual([]);
    expect(noticeReboot(lost, host('m1')).bootProven).toEqual(proven('m1'));
  });

  test('is a short list with each system once and the newest first', () => {
    const many = Array.from({ length: 30 }, (_, i) => `s${i}`);
    const list = many.reduce<Facts['bootProven']>(
      (before, name) => withBootProven(before, top(name), ''),
      null,
    );
    expect(list).toHaveLength(20);
    expect(list?.[0]?.toplevel).toBe(top('s29'));
    expect(withBootProven(list, top('s25'), '')).toHaveLength(20);
  });

  test('is gone back to unless it was itself undone here', () => {
    const facts = { bootProven: proven('b', 'a'), quarantine: [quarantined('b')] };
    expect(bootProvenBeside(facts, top('c'))).toBe(top('a'));
    expect(bootProvenBeside(facts, top('a'))).toBeNull();
    expect(newestBootProven(facts)).toBe(top('b'));
  });
});

describe('a reboot', () => {
  const boots = (facts: Facts, name: string) => noticeReboot(facts, host(name, { bootId: 'boot-2' }));

  test('into what was deployed and is not proven is a first boot', () => {
    expect(boots(expects('m1'), 'm1').bootToProve).toBe(top('m1'));
  });

  test('into what is proven, or was undone here, is none', () => {
    expect(boots(expects('m1', { bootProven: proven('m1') }), 'm1').bootToProve).toBeNull();
    expect(boots(expects('m1', { quarantine: [quarantined('m1')] }), 'm1').bootToProve).toBeNull();
  });

  test('is noticed once', () => {
    const once = boots(expects('m1'), 'm1');
    const later = { ...once, bootToProve: null };
    expect(noticeReboot(later, host('m1', { bootId: 'boot-2' }))).toBe(later);
  });
});

test('after a boot only what failed already and the ports that listened are compared with', () => {
  const looked = [
    seen('units', 'passing', { well: ['sshd.service'], unwell: ['backup.service'] }),
    seen('web', 'failing', { definitive: true, unwell: ['x'] }),
    seen('app', 'passing', { well: ['y'] }),
    seen('inbound', 'passing', { well: ['22'], unwell: ['80'] }),
  ];
  const kept = lastingOf(looked);
  expect(kept).toMatchObject([
    { name: 'units', status: 'passing', well: [], unwell: ['backup.service'] },
    { name: 'web', status: 'failing', definitive: false, well: [], unwell: [] },
    { name: 'inbound', status: 'passing', well: ['22'], unwell: [] },
  ]);
  expect(lastingOf(kept)).toEqual(kept);
  expect(
    lastingOf([seen('units', 'passing', { well: ['sshd.service'] }), seen('inbound', 'unknown')]),
  ).toEqual([]);
});
