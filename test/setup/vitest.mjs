import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './child.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const minutes = 60_000;

/** What a suite that did nothing counts. */
export const none = { passed: 0, failed: 0, skipped: 0 };

/**
 * Runs vitest with these arguments, shows what the reporter says, and counts what passed, failed and was skipped.
 * `verbose` names every test.
 */
export async function vitest(args, reporter = 'default') {
  const dir = mkdtempSync(join(tmpdir(), 'abide-suite-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const outputFile = join(dir, 'results.json');
  const program = join(top, 'node_modules/vitest/vitest.mjs');
  const reporters = [`--reporter=${reporter}`, '--reporter=json', `--outputFile.json=${outputFile}`];
  const { code } = await runChild(process.execPath, [program, 'run', ...reporters, ...args], {
    cwd: top,
    timeoutMs: 90 * minutes,
    show: true,
  });
  return count(code, readResults(outputFile));
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function count(code, results) {
  if (!results) return { ...none, failed: 1 };
  showSlowest(results.testResults);
  const passed = results.numPassedTests;
  const skipped = results.numPendingTests + results.numTodoTests;
  // A file that cannot be loaded has no tests to fail, and an error outside of all tests shows in the exit code only.
  const broken = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(hasFailed),
  );
  const failed = results.numFailedTests + broken.length;
  return { passed, skipped, failed: code !== 0 && failed === 0 ? 1 : failed };
}

function hasFailed({ status }) {
  return status === 'failed';
}

function showSlowest(files) {
  const timed = files.map(({ name, startTime, endTime }) => ({
    name: relative(top, name),
    ms: endTime - startTime,
  }));
  const slowest = timed
    .filter(({ ms }) => ms >= 1000)
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 5);
  if (slowest.length === 0) return;
  console.log('Slowest files:');
  for (const { name, ms } of slowest) console.log(`  ${seconds(ms).padStart(7)}  ${name}`);
}

/** Says the sum as the last line, which a caller reads; true when nothing failed. */
export function summarise(counts) {
  const sum = (key) => counts.reduce((total, one) => total + one[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
  return sum('failed') === 0;
}

/** For people: seconds with one digit. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
