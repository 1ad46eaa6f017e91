import { createJournal } from '../../src/state/journal.ts';
import { exampleContent } from './example-facts.ts';

// Child of a test that kills it: writes the journal of the directory given, over and over.
const journal = createJournal({ dir: process.argv[2] ?? '', now: () => Date.now() });
for (let nextEventId = 1; ; nextEventId += 1) {
  journal.write({ ...exampleContent, nextEventId });
  if (nextEventId === 3) process.stdout.write('writing\n');
}
