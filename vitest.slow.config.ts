import { defineConfig } from 'vitest/config';

/** What is too much for every day: `npm run test:slow`. */
export default defineConfig({
  test: {
    include: ['test/**/*.slow.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
