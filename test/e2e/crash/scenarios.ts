import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loaderVendor } from '../../../src/host/loader-variable.ts';
import type { LabOptions } from '../alpha-lab.ts';

/** A way that a deployment can take, as far as it differs from others in what it does to the host. */
export interface Scenario extends Pick<LabOptions, 'config' | 'env'> {
  readonly name: string;
  /** What the host is like beside its note. */
  readonly more: string;
  /** How an undisturbed run ends. */
  readonly ends: 'committed' | 'rolled_back' | 'uncommitted' | 'staged';
  /** True where nothing moves profile and boot default. */
  readonly keepsDefault?: boolean;
  /** True where the loader starts a staged system once, which is committed when it has proved itself. */
  readonly once?: boolean;
}

const quick = { settle: '0s', stableFor: '0s', deadline: '1m', inbound: { ports: [] } };

const operation = (name: 'boot' | 'test') => (dir: string) => ({
  source: {
    remotes: [{ name: 'infra', url: `${dir}/infra`, poll: '1s', branches: { main: { operation: name } } }],
  },
});

const bootctl = fileURLToPath(new URL('../../fixtures/imitation-bootctl.sh', import.meta.url));

/** A firmware and a loader that know how to start an entry once. */
const withLoader: NonNullable<LabOptions['env']> = (dir, env) => {
  const [bin, efi] = [join(dir, 'bin'), join(dir, 'host/sys/firmware/efi/efivars')];
  for (const made of [bin, efi]) mkdirSync(made, { recursive: true });
  copyFileSync(bootctl, join(bin, 'bootctl'));
  chmodSync(join(bin, 'bootctl'), 0o755);
  const features = Buffer.from([6, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0]);
  writeFileSync(join(efi, `LoaderFeatures-${loaderVendor}`), features);
  return { ...env, PATH: `${bin}:${env['PATH']}` };
};

const checked = (dir: string) => ({
  health: {
    ...quick,
    deadline: '2s',
    checks: [
      {
        name: 'app',
        command: [
          '/bin/sh',
          '-c',
          `read -r says < ${dir}/host/run/current-system/etc/health; test "$says" != bad`,
        ],
      },
    ],
  },
});

/** Every way, so that together they pass through every step there is. */
export const scenarios = {
  switch: { name: 'a switch that goes well', more: '', ends: 'committed' },
  again: { name: 'a switch after which units failed', more: 'unitsExit = 4;', ends: 'committed' },
  failing: { name: 'a switch that fails', more: 'activateExit = 1;', ends: 'rolled_back' },
  unhealthy: {
    name: 'a switch that is not healthy',
    config: checked,
    more: 'health = "bad\\n";',
    ends: 'rolled_back',
  },
  loader: { name: 'a boot loader that fails', more: 'bootloaderExit = 1;', ends: 'uncommitted' },
  test: {
    name: 'a test that goes well',
    config: operation('test'),
    more: '',
    ends: 'committed',
    keepsDefault: true,
  },
  'failing test': {
    name: 'a test that fails',
    config: operation('test'),
    more: 'activateExit = 1;',
    ends: 'rolled_back',
    keepsDefault: true,
  },
  boot: { name: 'a boot that goes well', config: operation('boot'), more: '', ends: 'staged' },
  once: {
    name: 'a system staged with the way back of the loader',
    config: (dir) => ({ ...operation('boot')(dir), health: quick }),
    env: withLoader,
    more: '',
    ends: 'staged',
    once: true,
  },
} as const satisfies Readonly<Record<string, Scenario>>;
