import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Which files a mode runs: `npm test`, `npm run test:slow`, `npm run test:exhaustive`. */
const endings: Readonly<Record<string, string>> = { slow: 'slow.ts', exhaustive: 'exhaustive.ts' };

export default defineConfig(({ mode }) => ({
  test: {
    include: [`test/**/*.${endings[mode] ?? 'test.ts'}`],
    setupFiles: 'test/setup/random-seed.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Half the time they wait: for a daemon's next look, a time limit, a disk.
    maxWorkers: availableParallelism() + 1,
  },
}));
