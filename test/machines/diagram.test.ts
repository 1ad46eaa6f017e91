import { expect, test } from 'vitest';
import { mermaid } from '../../machines/diagram.ts';
import { observerMachine } from '../../machines/observer.ts';
import { reconcilerMachine } from '../../machines/reconciler.ts';
import { remoteMachine } from '../../machines/remote.ts';

// `vitest -u test/machines/diagram.test.ts` writes them anew.
test.each([
  ['reconciler', reconcilerMachine],
  ['remote', remoteMachine],
  ['observer', observerMachine],
])('docs/machines/%s.mmd shows the machine as it is', async (name, machine) => {
  await expect(mermaid(machine)).toMatchFileSnapshot(`../../docs/machines/${name}.mmd`);
});
