import { defineConfig } from 'vitest/config';

// A machine for each file; each is emulated by two threads, and what is emulated is slow.
export default defineConfig({
  test: {
    dir: 'test/vm/scenarios',
    include: ['**/*.vm.ts'],
    globalSetup: 'test/vm/prepare.ts',
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    pool: 'forks',
    maxWorkers: 2,
    disableConsoleIntercept: true,
  },
});
