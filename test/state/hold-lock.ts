import { Problem } from '../../src/domain/problem.ts';
import { takeLock } from '../../src/state/lock.ts';

// Child of a test that kills it: takes the lock of the directory given, says how that went, and stays.
takeLock({ dir: process.argv[2] ?? '', pid: process.pid }).then(
  () => process.stdout.write('taken\n'),
  (error: unknown) => process.stdout.write(`${error instanceof Problem ? error.code : String(error)}\n`),
);
setInterval(() => undefined, 1000);
