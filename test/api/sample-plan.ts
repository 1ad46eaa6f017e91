import type { Plan } from '../../src/domain/plan.ts';

/** A plan with every part filled. */
export const samplePlan: Plan = {
  apiVersion: 'abide/v1',
  kind: 'Plan',
  host: 'web1',
  commit: 'b'.repeat(40),
  subject: 'second',
  branch: 'main',
  operation: 'switch',
  toplevel: '/nix/store/b-system',
  current: '/nix/store/a-system',
  way: 'stage',
  staged: 'the switch inhibitor dbus changes from dbus to broker',
  inhibitors: [{ key: 'dbus', running: 'dbus', candidate: 'broker' }],
  rebootReasons: ['kernel'],
  wayBack: { unattended: false, message: 'no way back' },
  holds: [{ decision: 'suspension', message: 'suspended' }],
  closure: {
    changes: [{ name: 'linux', before: ['6.12.1'], after: ['6.12.2'] }],
    added: 2,
    removed: 1,
    sizeDelta: 1024,
  },
  units: null,
  checks: ['units'],
};
