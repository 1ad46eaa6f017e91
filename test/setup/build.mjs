// Bundles the program into dist/ (or the directory named): main.mjs starts fast and loads its chunks when a command
// needs them. What was built before stays until the new build has succeeded.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('../../', import.meta.url));
const outdir = resolve(process.argv[2] ?? join(top, 'dist'));
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));

// CommonJS packages such as pino call `require`, which modules do not have.
const requireForBundled =
  "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

const common = {
  absWorkingDir: top,
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  define: { __ABIDE_VERSION__: JSON.stringify(version) },
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
};

// `status` is asked most: what it needs is one file, because each further module costs its start about a millisecond.
const entry = { ...common, entryPoints: { main: 'src/main.ts' }, plugins: [loadedOnDemand()] };
const onDemand = {
  ...common,
  entryPoints: {
    'chunks/program': 'src/cli/program.ts',
    'chunks/daemon': 'src/daemon.ts',
    'chunks/audit-repository': 'src/daemon/audit-repository.ts',
  },
  splitting: true,
  banner: { js: requireForBundled },
};
const built = await Promise.all([build(entry), build(onDemand)]).catch(() => process.exit(1)); // esbuild has said why.
replaceOutput(built.flatMap(({ outputFiles }) => outputFiles));

/** What main.ts imports dynamically is a build of its own. */
function loadedOnDemand() {
  const setup = ({ onResolve }) =>
    onResolve({ filter: /\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import'
        ? { path: `./chunks/${basename(path, '.ts')}.mjs`, external: true }
        : undefined,
    );
  return { name: 'loaded-on-demand', setup };
}

function replaceOutput(files) {
  rmSync(outdir, { recursive: true, force: true });
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  chmodSync(join(outdir, 'main.mjs'), 0o755);
}
