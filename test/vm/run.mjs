// `npm run test:vm`: what only a real systemd can show, in machines that QEMU emulates. Arguments are handed to vitest.
// The last line is `N passed, N failed`.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../setup/child.mjs';
import { allTools, ensureInstalled, vmTools } from '../setup/install.mjs';
import { none, seconds, summarise, vitest } from '../setup/vitest.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const begun = performance.now();
// Where Debian has debootstrap and mke2fs, which a plain user's PATH leaves out.
process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

process.exitCode = (await runSuite(process.argv.slice(2))) ? 0 : 1;

async function runSuite(args) {
  try {
    await prepare();
  } catch (error) {
    console.error(error.message);
    return summarise([{ ...none, failed: 1 }]);
  }
  const counts = await vitest(
    ['--config', join(top, 'test/vm/vitest.config.ts'), '--root', top, ...args],
    'verbose',
  );
  console.log(`The virtual machines took ${seconds(performance.now() - begun)}.`);
  return summarise([counts]);
}

async function prepare() {
  if (process.arch !== 'x64' || process.getuid?.() !== 0) {
    throw new Error('test:vm makes a Debian for x86-64 and needs to be root on such a machine.');
  }
  await ensureInstalled({ tools: [...allTools, ...vmTools] });
  const { code, output } = await runChild('npm', ['run', '--silent', 'build'], { cwd: top });
  if (code !== 0) throw new Error(`the program cannot be built:\n${output}`);
}
