import { describe, expect, test } from 'vitest';
import { isCheckable, rebootBound, type Comparison } from '../../src/domain/preflight.ts';

const clear: Comparison = { inhibitors: [], rebootReasons: [], init: null };
const inhibitor = { key: 'dbus-implementation', running: 'dbus', candidate: 'broker' };

describe('why only a reboot may bring a system', () => {
  test('nothing stands in the way of one that differs in nothing', () => {
    expect(rebootBound(clear, ['kernel'])).toBeNull();
    expect(isCheckable(clear)).toBe(true);
  });

  test('an inhibitor is named with both values, and what the new system would check is not asked', () => {
    const comparison = { ...clear, inhibitors: [inhibitor] };
    expect(rebootBound(comparison, [])).toBe(
      'the switch inhibitor dbus-implementation changes from dbus to broker',
    );
    expect(isCheckable(comparison)).toBe(false);
  });

  test('a part counts only when it is configured to', () => {
    const comparison: Comparison = { ...clear, rebootReasons: ['kernel', 'initrd'] };
    expect(rebootBound(comparison, [])).toBeNull();
    expect(rebootBound(comparison, ['firmware'])).toBeNull();
    expect(rebootBound(comparison, ['initrd', 'kernel'])).toBe(
      'it differs from the booted system in kernel, initrd (activate.stageWhen)',
    );
    expect(isCheckable(comparison)).toBe(true);
  });

  test('everything that holds is said, without control characters of the systems themselves', () => {
    const comparison: Comparison = {
      inhibitors: [{ ...inhibitor, candidate: '\u001b[31mbroker' }],
      rebootReasons: ['kernel'],
      init: { running: 'systemd 2', candidate: 'systemd 3' },
    };
    expect(rebootBound(comparison, ['kernel'])).toBe(
      'the switch inhibitor dbus-implementation changes from dbus to broker; ' +
        'the interface of init changes from systemd 2 to systemd 3; ' +
        'it differs from the booted system in kernel (activate.stageWhen)',
    );
  });
});
