import type { LabOptions } from '../alpha-lab.ts';

/** A way that a deployment can take, as far as it differs from others in what it does to the host. */
export interface Scenario {
  readonly name: string;
  readonly config?: LabOptions['config'];
  /** What the host is like beside its note. */
  readonly more: string;
  /** How an undisturbed run ends. */
  readonly ends: 'committed' | 'rolled_back' | 'uncommitted' | 'staged';
  /** True where nothing moves profile and boot default. */
  readonly keepsDefault?: boolean;
}

const quick = { settle: '0s', stableFor: '0s', deadline: '1m', inbound: { ports: [] } };

const operation = (name: 'boot' | 'test') => (dir: string) => ({
  source: {
    remotes: [{ name: 'infra', url: `${dir}/infra`, poll: '1s', branches: { main: { operation: name } } }],
  },
});

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
} as const satisfies Readonly<Record<string, Scenario>>;
