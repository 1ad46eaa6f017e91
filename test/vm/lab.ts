import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../src/domain/deployment.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { program } from '../harness/daemon.ts';
import { honestServer } from '../harness/git-http-server.ts';
import { createInfraRepository } from '../harness/imitation-host.ts';
import { cachedImage } from './image.ts';
import { createMachine, type Machine } from './machine.ts';
import { repositoryUrl, systemOf, type Change } from './system.ts';
import { timed } from './timed.ts';

/** A machine on which abide follows a repository over the network. */
export interface Lab extends Machine {
  /** Commits and gives the commit. */
  readonly release: (change: Change) => Promise<string>;
  /** Commits and waits until the host runs it and all is in sync. */
  readonly deploy: (change: Change) => Promise<string>;
  /** null while abide does not answer. */
  readonly status: () => Promise<HostStatus | null>;
  readonly until: (
    what: string,
    wanted: (status: HostStatus) => boolean,
    timeoutMs?: number,
  ) => Promise<HostStatus>;
  /** Looks again until the script succeeds; gives what it printed. */
  readonly untilSh: (script: string, timeoutMs?: number) => Promise<string>;
  /** What a person does after two rollbacks in a row, which hold the next commit. */
  readonly goOn: () => Promise<void>;
  /** Looks again until the unit is in that state. */
  readonly untilUnit: (unit: string, state: string) => Promise<string>;
  /** Deployments, newest first. */
  readonly history: () => Promise<readonly Deployment[]>;
  readonly links: () => Promise<Links>;
}

/** Toplevels, empty where there is none. */
export interface Links {
  readonly current: string;
  readonly booted: string;
  readonly profile: string;
  readonly bootDefault: string;
}

/** Longer than anything takes on a machine that does much else besides; a failure then says what it waited for. */
const limitMs = 25 * 60_000;
/** Each look costs the emulated machine what it could do its work with. */
const lookEveryMs = 3000;

/** Makes the machine, installs the first system on it by hand, and waits until abide has taken it over. */
export async function createLab(first: Change): Promise<Lab> {
  const image = await cachedImage();
  const dir = await mkdtemp(join(tmpdir(), 'abide-vm-infra-'));
  const infra = await createInfraRepository(join(dir, 'infra'));
  const server = await honestServer(dir);
  const port = Number(new URL(server.url).port);
  const machine = await createMachine({ image, program: dirname(program), port });
  await infra.setHosts('builtins.fromJSON (builtins.readFile ./hosts.json)\n');
  const release = async (change: Change) => {
    await infra.write('hosts.json', JSON.stringify({ alpha: systemOf(change) }, null, 2));
    const commit = await infra.commit(change.note);
    await machine.try(post('/v1/reconcile', {}));
    return commit;
  };
  const status = () => ask<HostStatus>(machine, '/v1/status');
  const until: Lab['until'] = (what, wanted, timeoutMs) =>
    untilStatus({ machine, what, wanted, timeoutMs: timeoutMs ?? limitMs });
  const lab: Lab = {
    ...machine,
    release,
    deploy: async (change) => {
      const commit = await release(change);
      await until(change.note, ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit);
      return commit;
    },
    status,
    until,
    untilSh: (script, timeoutMs = limitMs) => untilOutput(machine, script, timeoutMs),
    untilUnit: (unit, state) =>
      untilOutput(machine, `test "$(systemctl show -p ActiveState --value ${unit})" = ${state}`, limitMs),
    goOn: async () => {
      await machine.sh(post('/v1/suspend', { reason: 'between two tests' }));
      await machine.sh(post('/v1/resume', {}));
    },
    history: async () => {
      const answer = await ask<{ readonly deployments: readonly Deployment[] }>(machine, '/v1/history');
      return answer?.deployments ?? [];
    },
    links: () => linksOf(machine),
    remove: async () => {
      await machine.remove();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await machine.boot();
    const commit = await release(first);
    await timed('first system installed', () => machine.sh(installation, limitMs));
    await timed('first look of abide', () =>
      until('first', ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit),
    );
    return lab;
  } catch (error) {
    await lab.remove();
    throw error;
  }
}

// As an installer does it, and then what a boot into it would do.
const installation = `set -e
ip link set eth0 up
ip address replace 10.0.2.15/24 dev eth0
git clone -q ${repositoryUrl} /var/tmp/infra
cd /var/tmp
toplevel=$(nix eval --raw "git+file:///var/tmp/infra#nixosConfigurations.alpha.config.system.build.toplevel.drvPath" | xargs nix-store --realise)
mkdir -p /nix/var/nix/profiles
nix-env -p /nix/var/nix/profiles/system --set "$toplevel"
"$toplevel/bin/switch-to-configuration" boot
ln -sfn "$toplevel" /run/booted-system
"$toplevel/bin/switch-to-configuration" test
`;

/** null while abide does not answer. */
async function ask<T>(machine: Machine, path: string): Promise<T | null> {
  const { code, output } = await machine.try(call(`GET ${path} HTTP/1.0`));
  if (code !== 0 || !output.startsWith('HTTP/1.1 200')) return null;
  return JSON.parse(output.slice(output.indexOf('\r\n\r\n') + 4)) as T;
}

// The command line would do it too; but starting Node takes long in an emulated machine.
function call(...lines: readonly string[]): string {
  return `printf '${lines.join('\\r\\n')}\\r\\n\\r\\n' | nc -N -w 20 -U /run/abide/abide.sock`;
}

function post(path: string, body: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(body);
  const head = ['Content-Type: application/json', `Content-Length: ${text.length}`];
  return call(`POST ${path} HTTP/1.0`, ...head, '', text);
}

async function untilStatus(of: {
  readonly machine: Machine;
  readonly what: string;
  readonly wanted: (status: HostStatus) => boolean;
  readonly timeoutMs: number;
}): Promise<HostStatus> {
  const end = Date.now() + of.timeoutMs;
  let last: HostStatus | null = null;
  while (Date.now() < end) {
    last = (await ask<HostStatus>(of.machine, '/v1/status')) ?? last;
    if (last && of.wanted(last)) return last;
    await sleep(lookEveryMs);
  }
  const journal = await of.machine.try('journalctl --no-pager -n 60 -o short-monotonic');
  throw new Error(
    `${of.what} did not come; last status:\n${JSON.stringify(last, null, 1)}\n${journal.output}`,
  );
}

async function untilOutput(machine: Machine, script: string, timeoutMs: number): Promise<string> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const { code, output } = await machine.try(script);
    if (code === 0) return output;
    if (Date.now() > end) {
      const journal = await machine.try('journalctl --no-pager -n 60 -o short-monotonic');
      throw new Error(`still exit code ${code} of: ${script}\n${output}\n${journal.output}`);
    }
    await sleep(lookEveryMs);
  }
}

async function linksOf(machine: Machine): Promise<Links> {
  const output = await machine.sh(`
    for link in /run/current-system /run/booted-system /nix/var/nix/profiles/system; do readlink -f "$link" || echo; done
    sed -n 's/^default \\([^ ]*\\).*/\\1/p' /boot/loader/loader.conf`);
  const [current = '', booted = '', profile = '', bootDefault = ''] = output.split('\n');
  return { current, booted, profile, bootDefault };
}
