import { createActivator } from '../../src/host/activate.ts';
import { createDeadMan } from '../../src/host/dead-man.ts';
import { run } from '../../src/process.ts';

// Child of a test that kills it: stands for a daemon that arms a dead-man for two seconds and activates the toplevel given.
const [root = '', stateDir = '', toplevel = '', previous = ''] = process.argv.slice(2);
const path = process.env['PATH'] ?? '';
const place = { root, run, activator: 'direct', path } as const;
const pace = { retry: 1, busy: 1, grace: 1, limit: 5 };
const deadMan = createDeadMan({ ...place, pace });
await deadMan.arm({ deployment: 'd1', toplevel, previous, profile: null }, 'switch', 2);
await createActivator({ ...place, stateDir, now: Date.now }).run({
  deployment: 'd1',
  toplevel,
  action: 'test',
  noCheck: false,
  timeoutMs: 60_000,
  deadMan: deadMan.hook('d1', 2),
});
