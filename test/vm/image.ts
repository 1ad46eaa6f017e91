import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { makeDisk } from './make-disk.ts';
import { timed } from './timed.ts';

/** A bootable Debian with systemd, Nix, git and Node; never written to, because others boot it too. */
export interface Image {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

const guest = fileURLToPath(new URL('guest/', import.meta.url));

/** What a host of abide needs, and what boots it; `apt-get` of the machine itself brings it. */
const packages = [
  'linux-image-cloud-amd64',
  'systemd',
  'systemd-sysv',
  'dbus',
  'udev',
  'kmod',
  'nix-bin',
  'git',
  'gnupg',
  'openssh-client',
  'util-linux',
  'iproute2',
  'netcat-openbsd',
];

/** Debian's own services that only cost time here, and logins that nobody uses. */
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty@tty1.service',
  'serial-getty@ttyS0.service',
  'getty.target',
  'systemd-update-utmp-runlevel.service',
];

/** The image of what this directory says, from the cache where it was built before. */
export async function cachedImage(): Promise<Image> {
  const source = await aptSource();
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'abide-vm');
  const dir = join(cache, await keyOf(source));
  const now = new Date();
  const isBuilt = await stat(dir).then(
    () => true,
    () => false,
  );
  if (isBuilt) await utimes(dir, now, now);
  else await timed('image built', () => buildInto(cache, dir, source));
  await forgetUnused(cache, now);
  return { disk: join(dir, 'disk.raw'), kernel: join(dir, 'vmlinuz'), initrd: join(dir, 'initrd.img') };
}

interface AptSource {
  readonly site: string;
  readonly codename: string;
  readonly proxy: string;
}

/** Where this machine itself gets its packages. */
async function aptSource(): Promise<AptSource> {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1];
  const format = ['--format', '$(SITE) $(CODENAME) $(COMPONENT)', 'Created-By: Packages'];
  const { stdout } = await execa('apt-get', ['indextargets', ...format]);
  const [site] = stdout.split('\n').flatMap((line) => {
    const [at, of, component] = line.split(' ');
    return of === codename && component === 'main' && at ? [at] : [];
  });
  if (codename === undefined || site === undefined) {
    throw new Error('apt-get of this machine names no source of the main packages of its own Debian');
  }
  const { stdout: proxy } = await execa('apt-config', ['shell', 'proxy', 'Acquire::http::Proxy']);
  return { site, codename, proxy: /'(.+)'/.exec(proxy)?.[1] ?? '' };
}

/** Changes with all that goes into the image: this file, the guest's files, the packages' versions and Node. */
async function keyOf({ codename }: AptSource): Promise<string> {
  const hash = createHash('sha256').update(`${codename} ${process.version}`);
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  for (const name of (await readdir(guest)).toSorted()) {
    hash.update(name).update(await readFile(join(guest, name)));
  }
  const { stdout } = await execa('apt-cache', ['policy', ...packages]);
  hash.update(
    stdout
      .split('\n')
      .filter((line) => line.includes('Candidate:'))
      .join('\n'),
  );
  return hash.digest('hex').slice(0, 16);
}

async function buildInto(cache: string, dir: string, source: AptSource): Promise<void> {
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, '.unfinished-'));
  try {
    const root = join(unfinished, 'root');
    await timed('debootstrap', () => debootstrap(root, source));
    await timed('packages', () => install(root, source));
    await furnish(root);
    for (const name of await readdir(join(root, 'boot'))) {
      const as = /^(vmlinuz|initrd\.img)-/.exec(name)?.[1];
      if (as) await cp(join(root, 'boot', name), join(unfinished, as));
    }
    await timed('file system', () =>
      makeDisk({ path: join(unfinished, 'disk.raw'), bytes: 4 * 1024 ** 3, label: 'root', from: root }),
    );
    await rm(root, { recursive: true });
    await rename(unfinished, dir);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

const minutes = 60_000;

async function debootstrap(root: string, { site, codename, proxy }: AptSource): Promise<void> {
  const env = proxy === '' ? {} : { http_proxy: proxy };
  await execa('debootstrap', ['--variant=minbase', codename, root, site], { env, timeout: 10 * minutes });
}

/** Not by debootstrap: it configures packages in an order that some of these do not bear. */
async function install(root: string, { site, codename, proxy }: AptSource): Promise<void> {
  const write = (path: string, text: string, mode = 0o644) => writeFile(join(root, path), text, { mode });
  await mkdir(join(root, 'etc/initramfs-tools/conf.d'), { recursive: true });
  await write('etc/apt/sources.list', `deb ${site} ${codename} main\n`);
  if (proxy !== '') await write('etc/apt/apt.conf.d/proxy', `Acquire::http::Proxy "${proxy}";\n`);
  await write('etc/initramfs-tools/conf.d/vm', 'MODULES=list\n');
  await write('etc/initramfs-tools/modules', 'virtio_pci\nvirtio_blk\next4\n');
  await write('etc/dpkg/dpkg.cfg.d/vm', 'force-unsafe-io\nforce-confold\n');
  await write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
  const script = `export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q install -y --no-install-recommends ${packages.join(' ')}
    apt-get clean`;
  const own = ['--mount', '--pid', '--fork', `--mount-proc=${join(root, 'proc')}`];
  await execa('unshare', [...own, 'chroot', root, 'sh', '-ec', script], { timeout: 10 * minutes });
}

/** What makes the Debian a host: Node, the agent, the boot script, a user for nobody, an address. */
async function furnish(root: string): Promise<void> {
  const at = (...names: string[]) => join(root, ...names);
  const system = at('usr/lib/systemd/system');
  for (const dir of ['opt/abide', 'etc/nix', 'boot/loader', 'var/log/journal']) {
    await mkdir(at(dir), { recursive: true });
  }
  await cp(process.execPath, at('usr/bin/node'));
  await cp(guest, at('opt/guest'), { recursive: true });
  await cp(join(guest, 'agent.service'), join(system, 'abide-agent.service'));
  await execa('ln', ['-s', '../abide-agent.service', join(system, 'multi-user.target.wants/')]);
  for (const unit of masked) await execa('ln', ['-sf', '/dev/null', join(system, unit)]);
  await writeFile(at('etc/machine-id'), '0123456789abcdef0123456789abcdef\n');
  await writeFile(at('etc/hostname'), 'alpha\n');
  await writeFile(at('etc/nix/nix.conf'), nixConf);
  await rm(at('etc/systemd/system'), { recursive: true });
  await rm(at('var/lib/apt/lists'), { recursive: true });
  for (const dir of ['doc', 'man', 'locale', 'info']) {
    await rm(at('usr/share', dir), { recursive: true, force: true });
  }
}

const nixConf = `experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
`;

const unusedForMs = 14 * 24 * 60 * minutes;

async function forgetUnused(cache: string, now: Date): Promise<void> {
  for (const name of await readdir(cache)) {
    const { mtime } = await stat(join(cache, name));
    if (now.getTime() - mtime.getTime() > unusedForMs) {
      await rm(join(cache, name), { recursive: true, force: true });
    }
  }
}
