// The whole suite behind `npm test`: every `check:*` script and the build count as one test each, then vitest runs.
// `--checks` leaves vitest out; `--slow` and `--exhaustive` leave the checks out and run the files so named instead; every other
// argument is handed to vitest. The last line is `N passed, N failed`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './setup/child.mjs';
import { allTools, ensureInstalled } from './setup/install.mjs';
import { none, seconds, summarise, vitest } from './setup/vitest.mjs';

const top = fileURLToPath(new URL('../', import.meta.url));
const minutes = 60_000;

process.exitCode = (await runSuite(process.argv.slice(2))) ? 0 : 1;

async function runSuite(args) {
  const onlyChecks = args.includes('--checks');
  const kind = ['slow', 'exhaustive'].find((name) => args.includes(`--${name}`));
  try {
    await ensureInstalled({ tools: onlyChecks ? [] : allTools });
  } catch (error) {
    console.error(error.message);
    return summarise([{ ...none, failed: 1 }]);
  }
  const counts = [];
  for (const script of kind ? ['build'] : checkScripts()) counts.push(await check(script));
  const rest = args.filter((arg) => arg !== `--${kind}`);
  if (!onlyChecks) counts.push(await vitest(kind ? ['--mode', kind, ...rest] : rest));
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
