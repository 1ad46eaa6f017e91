import { createAuditLog } from '../../src/state/audit-log.ts';

// Child of a test that kills it: writes to the audit log of the directory given, over and over.
const log = { info: () => undefined, error: () => undefined };
const audit = createAuditLog({ dir: process.argv[2] ?? '', now: () => Date.now(), log, fileBytes: 4096 });
for (let count = 1; ; count += 1) {
  audit.append({ kind: 'resume', actor: `alice ${'x'.repeat(count % 400)}` });
  if (count === 3) process.stdout.write('writing\n');
}
