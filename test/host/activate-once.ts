import { createActivator } from '../../src/host/activate.ts';
import { run } from '../../src/process.ts';

// Child of a test that kills it: stands for a daemon that activates the toplevel given.
const [root = '', stateDir = '', toplevel = ''] = process.argv.slice(2);
const path = process.env['PATH'] ?? '';
await createActivator({ root, stateDir, run, activator: 'direct', path, now: Date.now }).run({
  deployment: 'd1',
  toplevel,
  action: 'test',
  noCheck: false,
  timeoutMs: 60_000,
});
