import { defineConfig } from 'vitest/config';

// A machine for each file. One alone keeps a core busy for half of its time, and waits for time to pass in the other half.
export default defineConfig({
  test: {
    dir: 'test/vm/scenarios',
    include: ['**/*.vm.ts'],
    globalSetup: 'test/vm/prepare.ts',
    testTimeout: 60 * 60_000,
    hookTimeout: 60 * 60_000,
    pool: 'forks',
    maxWorkers: 3,
    disableConsoleIntercept: true,
  },
});
