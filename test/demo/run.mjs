// `npm run demo`: installs what is missing, builds, and runs the guided tour of main.ts.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../setup/child.mjs';
import { ensureInstalled } from '../setup/install.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));

process.exitCode = await demo(process.argv.slice(2));

async function demo(args) {
  try {
    await ensureInstalled({ tools: ['git', 'nix', 'prlimit', 'ssh-keygen'] });
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
    ['--import', import.meta.resolve('tsx'), join(top, 'test/demo/main.ts'), ...args],
    { cwd: top, show: true, timeoutMs: args.includes('--once') ? 15 * 60_000 : 2 ** 31 - 1 },
  );
  return code ?? 1;
}
