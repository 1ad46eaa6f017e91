/** What a commit says of the host: see test/fixtures/imitation-nixos/flake.nix. */
export interface System {
  readonly note: string;
  /** Files below /etc by name; units are among them, and their `WantedBy` is obeyed. */
  readonly etc: Readonly<Record<string, string>>;
  readonly [more: string]: unknown;
}

/** How one system differs from the one that all tests begin with. */
export interface Change {
  readonly note: string;
  /** Text by name of the unit; null takes the unit away. */
  readonly units?: Readonly<Record<string, string | null>>;
  /** Part of abide's own configuration, on top of the usual one. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A host as NixOS makes it: abide, a network and a service. */
export function systemOf({ note, units = {}, config = {}, more = {} }: Change): System {
  const texts = { ...usualUnits, ...units };
  const files = Object.entries(texts).flatMap(([name, text]) =>
    text === null ? [] : [[`systemd/system/${name}`, text]],
  );
  return {
    note,
    ...more,
    etc: {
      ...Object.fromEntries(files),
      'abide/config.yaml': JSON.stringify({ ...usualConfig, ...config }, null, 2),
    },
  };
}

/** The unit as nix/module.nix writes it, with `lines` more in its service section. */
export function abideUnit(lines = ''): string {
  return `[Unit]
Description=abide, the keeper of this machine's configuration
After=network.target
X-StopOnRemoval=false
StartLimitIntervalSec=0

[Service]
X-RestartIfChanged=false
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/usr/bin/node /opt/abide/main.mjs run --config /etc/abide/config.yaml
Restart=always
RestartSec=5
OOMPolicy=continue
TimeoutStopSec=90
UMask=0077
StateDirectory=abide
StateDirectoryMode=0700
RuntimeDirectory=abide
RuntimeDirectoryMode=0755
${lines}
[Install]
WantedBy=multi-user.target
`;
}

/** A service that stays, or does one thing; wanted by the system. */
export function service(lines: string): string {
  return `[Service]\n${lines}\n\n[Install]\nWantedBy=multi-user.target\n`;
}

/** A service that does one thing at the activation of its system. */
export function once(command: string): string {
  return service(`Type=oneshot\nRemainAfterExit=yes\nExecStart=${command}`);
}

const usualUnits: Readonly<Record<string, string | null>> = {
  'abide.service': abideUnit(),
  'network.service': service(
    [
      'Type=oneshot',
      'RemainAfterExit=yes',
      // At a boot the device may come later than this.
      `ExecStart=/bin/sh -c 'until test -e /sys/class/net/eth0; do sleep 0.2; done'`,
      'ExecStart=/usr/sbin/ip link set eth0 up',
      'ExecStart=/usr/sbin/ip address replace 10.0.2.15/24 dev eth0',
      'ExecStop=/usr/sbin/ip address flush dev eth0',
      'ExecStop=/usr/sbin/ip link set eth0 down',
    ].join('\n'),
  ),
  'app.service': service('ExecStart=/bin/sleep infinity'),
};

/** Where the guest finds its repository. */
export const repositoryUrl = 'http://10.0.2.100/infra';

const usualConfig = {
  host: 'alpha',
  source: { remotes: [{ name: 'infra', url: repositoryUrl, insecure: true, poll: '30s' }] },
  trust: { mode: 'none' },
  drift: { interval: '2s' },
  // A switch that waits for the test waits for a slow one: the guest's clock goes on while it is idle.
  activate: { timeout: '240s' },
  health: {
    settle: '1s',
    stableFor: '2s',
    deadline: '25s',
    inbound: { ports: [] },
    // While the file is there, a probation does not end.
    checks: [{ name: 'not-held', command: ['/bin/sh', '-c', 'test ! -e /run/hold'], timeout: '20s' }],
  },
};
