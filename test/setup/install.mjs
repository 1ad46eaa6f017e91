import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runChild } from './child.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const minutes = 60_000;

/** Every program of the system that the suite or the demo runs, with the Debian package that brings it. */
const packageOf = {
  git: 'git',
  nix: 'nix-bin',
  gpg: 'gnupg',
  'ssh-keygen': 'openssh-client',
  promtool: 'prometheus',
  prometheus: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  prlimit: 'util-linux',
  setpriv: 'util-linux',
};

/** What `npm run test:vm` runs besides. */
const packageOfVm = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  debootstrap: 'debootstrap',
  mke2fs: 'e2fsprogs',
  unshare: 'util-linux',
};

/** The tools of the suite and the demo. */
export const allTools = Object.keys(packageOf);

/** The tools of the virtual machine. */
export const vmTools = Object.keys(packageOfVm);

const packageWith = (tool) => packageOf[tool] ?? packageOfVm[tool];

/**
 * Makes sure that Node is new enough, the npm packages of the lockfile are installed and the named tools exist;
 * installs what is missing where it can. Throws an Error whose message is one sentence for the user where it cannot.
 */
export async function ensureInstalled({ tools = [] } = {}) {
  requireNode();
  await ensurePackages();
  await ensureTools(tools);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(
    `abide needs Node 20.19 or newer, and this is ${process.version}: \`nix develop\` brings one.`,
  );
}

async function ensurePackages() {
  if (packagesMatchLock()) return;
  say('installing the npm packages of package-lock.json');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runChild('npm', args, { cwd: top, timeoutMs: 15 * minutes });
  if (code === 0) return;
  process.stderr.write(output);
  throw new Error('`npm ci` failed, as shown above: mend that and run the command again.');
}

// Compared by content: times lie after a checkout, and npm writes the inner lockfile last, so its absence shows an interrupted install.
function packagesMatchLock() {
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  const wanted = readJson('package-lock.json')?.packages ?? {};
  if (!installed) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || matches(entry, installed[path], join(top, path)),
  );
}

function matches(entry, installed, path) {
  // Packages for other platforms are in the lockfile and never on the disk.
  if (!installed) return entry.optional === true;
  return entry.version === installed.version && entry.integrity === installed.integrity && existsSync(path);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(top, path), 'utf8'));
  } catch {
    return undefined;
  }
}

async function ensureTools(tools) {
  const missing = tools.filter((tool) => !onPath(tool));
  if (missing.length === 0) return;
  if (!canUseApt()) throw new Error(howToGet(missing));
  await aptInstall([...new Set(missing.map(packageWith))]);
  const still = missing.filter((tool) => !onPath(tool));
  if (still.length > 0) throw new Error(howToGet(still));
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => dir !== '' && isProgram(join(dir, tool)));
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function canUseApt() {
  return process.getuid?.() === 0 && onPath('apt-get');
}

function howToGet(missing) {
  const names = missing.join(', ');
  const packages = [...new Set(missing.map(packageWith))].join(' ');
  const byApt = onPath('apt-get') ? `\`apt-get install ${packages}\` as root brings it, and ` : '';
  return `Not found on PATH: ${names}; ${byApt}\`nix develop\` gives everything.`;
}

async function aptInstall(packages) {
  say(`installing ${packages.join(', ')} with apt-get`);
  const restore = keepServicesStopped();
  try {
    // A failed update is no reason to stop: the package lists at hand may do.
    await apt(['update']);
    const { code, output } = await apt(['install', '-y', '--no-install-recommends', ...packages]);
    if (code !== 0) {
      process.stderr.write(output);
      throw new Error(`\`apt-get install ${packages.join(' ')}\` failed, as shown above.`);
    }
    await keepDisabled(packages.filter((name) => name.startsWith('prometheus')));
  } finally {
    restore();
  }
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  return runChild('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env,
    timeoutMs: 15 * minutes,
  });
}

// Only the programs are wanted of these packages; their services must neither start now nor at the next boot.
async function keepDisabled(services) {
  if (services.length === 0 || !onPath('systemctl')) return;
  await runChild('systemctl', ['disable', ...services], { timeoutMs: minutes });
}

// Debian asks this file before it starts a service (exit 101: do not); it is there only while packages are installed.
function keepServicesStopped() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => undefined;
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  const remove = () => rmSync(policy, { force: true });
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

function say(text) {
  process.stderr.write(`${text} ...\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled({ tools: allTools }).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
