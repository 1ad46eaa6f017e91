import { expect, test } from 'vitest';
import { diffClosures } from '../../src/domain/closure-diff.ts';
import { planWay, planWayBack } from '../../src/domain/plan.ts';

const path = (name: string, hash = 'a') => `/nix/store/${hash.repeat(32)}-${name}`;

test('versions are told by name, and what was only rebuilt is no change of a package', () => {
  const before = [
    path('linux-6.12.1'),
    path('linux-6.12.1-modules'),
    path('bash-5.2p37'),
    path('etc'),
    path('old-1'),
  ];
  const after = [
    path('linux-6.12.2'),
    path('linux-6.12.1-modules'),
    path('bash-5.2p37', 'b'),
    path('etc', 'b'),
    path('new'),
  ];
  const diff = diffClosures(before, after);
  expect(diff.changes).toEqual([
    { name: 'linux', before: ['6.12.1', '6.12.1-modules'], after: ['6.12.1-modules', '6.12.2'] },
    { name: 'new', before: [], after: [''] },
    { name: 'old', before: ['1'], after: [] },
  ]);
  expect(diff.added).toEqual([path('linux-6.12.2'), path('bash-5.2p37', 'b'), path('etc', 'b'), path('new')]);
  expect(diff.removed).toEqual([path('linux-6.12.1'), path('bash-5.2p37'), path('etc'), path('old-1')]);
});

test('equal closures give nothing, whatever their order', () => {
  const paths = [path('a-1'), path('b-2')];
  expect(diffClosures(paths, paths.toReversed())).toEqual({ changes: [], added: [], removed: [] });
});

test('the way is what the loop would do', () => {
  const fresh = { runs: false, inSync: false, staged: null };
  const bound = { ...fresh, staged: 'the kernel changes' };
  expect(planWay({ operation: 'switch', ...fresh })).toBe('switch');
  expect(planWay({ operation: 'switch', ...bound })).toBe('stage');
  expect(planWay({ operation: 'test', ...bound })).toBe('wait');
  expect(planWay({ operation: 'boot', ...bound })).toBe('boot');
  expect(planWay({ operation: 'switch', ...fresh, runs: true })).toBe('commit');
  expect(planWay({ operation: 'test', runs: true, inSync: true, staged: null })).toBe('nothing');
});

test('an unattended way back is promised only where the dead-man has somewhere to go or the loader can start a system once', () => {
  const loaderRefuses = 'its boot loader cannot start an entry just once';
  const ways = { current: '/nix/store/a', loaderRefuses, noRollback: null, switchable: true };
  expect(planWayBack('switch', ways)).toMatchObject({ unattended: true });
  expect(planWayBack('switch', { ...ways, current: null })).toMatchObject({ unattended: false });
  expect(planWayBack('stage', ways)).toEqual({
    unattended: false,
    message: `no unattended way back from a boot that fails: ${ways.loaderRefuses}`,
  });
  expect(planWayBack('boot', { ...ways, loaderRefuses: null })).toMatchObject({ unattended: true });
});
