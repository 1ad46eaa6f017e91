import { meetEachStep } from './each-step.ts';
import { disasters } from './round.ts';
import { scenarios } from './scenarios.ts';

/** Where two scenarios go the same way, the second is met with less. */
const some = ['abide', 'power'] as const;

meetEachStep({
  switch: { scenario: scenarios.switch, disasters },
  again: { scenario: scenarios.again, disasters: some },
  failing: { scenario: scenarios.failing, disasters },
  unhealthy: { scenario: scenarios.unhealthy, disasters: some },
  loader: { scenario: scenarios.loader, disasters: some },
  test: { scenario: scenarios.test, disasters: some },
  'failing test': { scenario: scenarios['failing test'], disasters: some },
  boot: { scenario: scenarios.boot, disasters: some },
  once: {
    scenario: scenarios.once,
    disasters: some,
    only: /^after journal (profile|loader|ended) |^(before|after) start bootctl |put boot/,
  },
});
