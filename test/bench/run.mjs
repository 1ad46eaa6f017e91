// `npm run bench`: installs what is missing, builds, measures, prints the table and keeps it in docs/benchmarks.md.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../setup/child.mjs';
import { ensureInstalled } from '../setup/install.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));

process.exitCode = await bench(process.argv.slice(2));

async function bench(args) {
  try {
    await ensureInstalled({ tools: ['git', 'nix', 'prlimit'] });
  } catch (error) {
    console.error(error.message);
    return 1;
  }
  const build = await runChild(process.execPath, [join(top, 'test/setup/build.mjs')], { cwd: top });
  if (build.code !== 0) {
    console.error(build.output.trimEnd());
    return 1;
  }
  const { code } = await runChild(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), join(top, 'test/bench/main.ts'), ...args],
    { cwd: top, show: true, timeoutMs: 20 * 60_000 },
  );
  return code ?? 1;
}
