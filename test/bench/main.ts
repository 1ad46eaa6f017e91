import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cliStart } from './cli-start.ts';
import { decisions } from './decisions.ts';
import { figureTable, type Figure } from './figure.ts';
import { idle } from './idle.ts';
import { overhead } from './overhead.ts';
import { reaction } from './reaction.ts';
import { unchangedPoll } from './unchanged-poll.ts';
import { unitsLook } from './units-look.ts';
import { verify } from './verify.ts';

const benches = { reaction, overhead, unchangedPoll, cliStart, idle, decisions, unitsLook, verify };
const document = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

await bench(process.argv.slice(2));

/** Runs the benches named, or all; only a whole run is kept in docs. */
async function bench(wanted: readonly string[]): Promise<void> {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`${name} ...`);
    figures.push(...(await measure()));
  }
  const table = figureTable(figures);
  console.log(`\n${table}\n`);
  if (wanted.length === 0) await writeFile(document, page(table, await machine()));
}

async function machine(): Promise<string> {
  const first = async (file: string) => (await execa(file, ['--version'])).stdout.split('\n')[0];
  const day = new Date().toISOString().slice(0, 10);
  return `${availableParallelism()} cores, Node ${process.version}, ${await first('git')}, ${await first('nix')}, ${day}`;
}

function page(table: string, facts: string): string {
  return `<!-- Written by \`npm run bench\`; do not edit. -->

# Benchmarks

The last run of \`npm run bench\`: ${facts}.

Each figure stands beside a baseline that was measured in turns with it, in the same run. It is the median of several
rounds, with the least and the most in parentheses. Git and Nix are real; the host is an imitation whose system builds
in moments, so that what is left of a deployment is the work of the tools and of abide.

${table}
`;
}
