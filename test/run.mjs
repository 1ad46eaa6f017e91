// The whole suite behind `npm test`: every `check:*` script and the build count as one test each, then vitest runs.
// `--checks` leaves vitest out; every other argument is handed to vitest. The last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './setup/child.mjs';
import { allTools, ensureInstalled } from './setup/install.mjs';

const top = fileURLToPath(new URL('../', import.meta.url));
const minutes = 60_000;
const none = { passed: 0, failed: 0, skipped: 0 };

process.exitCode = (await runSuite(process.argv.slice(2))) ? 0 : 1;

async function runSuite(args) {
  const onlyChecks = args.includes('--checks');
  try {
    await ensureInstalled({ tools: onlyChecks ? [] : allTools });
  } catch (error) {
    console.error(error.message);
    return summarise([{ ...none, failed: 1 }]);
  }
  const counts = [];
  for (const script of checkScripts()) counts.push(await check(script));
  if (!onlyChecks) counts.push(await vitest(args));
  return summarise(counts);
}

function checkScripts() {
  const { scripts } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  return [...Object.keys(scripts).filter((name) => name.startsWith('check:')), 'build'];
}

async function check(script) {
  const started = performance.now();
  const { code, output } = await runChild('npm', ['run', '--silent', script], {
    cwd: top,
    timeoutMs: 10 * minutes,
  });
  console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${script}  ${seconds(performance.now() - started)}`);
  if (code === 0) return { ...none, passed: 1 };
  console.log(output.trimEnd());
  return { ...none, failed: 1 };
}

async function vitest(args) {
  const dir = mkdtempSync(join(tmpdir(), 'abide-suite-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const outputFile = join(dir, 'results.json');
  const program = join(top, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
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

function summarise(counts) {
  const sum = (key) => counts.reduce((total, one) => total + one[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
  return sum('failed') === 0;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
