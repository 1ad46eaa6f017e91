import { meetEachStep } from './each-step.ts';
import { scenarios } from './scenarios.ts';

/** Every step once; more scenarios and disasters are `npm run test:slow`, every point `npm run test:exhaustive`. */
const once = /^after journal .* #1$/;

meetEachStep({
  switch: { scenario: scenarios.switch, disasters: ['abide', 'power'], only: once },
  failing: { scenario: scenarios.failing, disasters: ['abide'], only: /^after journal rollback #1$/ },
});
