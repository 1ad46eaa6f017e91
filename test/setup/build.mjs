// Bundles the program into dist/ (or the directory named): main.mjs starts fast and loads its chunks when a command
// needs them. What was built before stays until the new build has succeeded.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('../../', import.meta.url));
const outdir = resolve(process.argv[2] ?? join(top, 'dist'));
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));

// CommonJS packages such as pino call `require`, which modules do not have.
const requireForBundled =
  "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

const { outputFiles } = await build({
  absWorkingDir: top,
  entryPoints: { main: 'src/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  banner: { js: requireForBundled },
  define: { __ABIDE_VERSION__: JSON.stringify(version) },
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
}).catch(() => process.exit(1)); // esbuild has said what is wrong.
replaceOutput(outputFiles);

function replaceOutput(files) {
  rmSync(outdir, { recursive: true, force: true });
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  chmodSync(join(outdir, 'main.mjs'), 0o755);
}
