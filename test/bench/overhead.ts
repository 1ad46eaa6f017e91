import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Deployment } from '../../src/domain/deployment.ts';
import { createImitationHost, createInfraRepository } from '../harness/imitation-host.ts';
import { commitNote, createBed, createBedDaemon, prepareCommit, settledOn, type Bed } from './bed.ts';
import type { Figure } from './figure.ts';

const rounds = 11;

/** From a commit to the committed deployment, against the same commands in a shell script, in one store. */
export async function overhead(): Promise<Figure[]> {
  const bed = await createBed();
  const remotes = [{ name: 'laptop', url: bed.repository.dir, branches: { testing: null } }];
  const daemon = await createBedDaemon(bed, remotes);
  const byHand = await createBaseline(bed);
  try {
    await daemon.start();
    await settledOn(daemon, await bed.repository.git('rev-parse', 'HEAD'));
    await byHand('warm up');
    const abide: number[] = [];
    const baseline: number[] = [];
    const deployments: Deployment[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await sleep(200);
      const { commit, publish } = await prepareCommit(bed.repository, `abide ${round}`);
      const at = publish();
      await waitQuietly(daemon.logFile, commit);
      const { lastDeployment } = await settledOn(daemon, commit);
      if (!lastDeployment) throw new Error('nothing was deployed');
      deployments.push(lastDeployment);
      abide.push(Date.parse(lastDeployment.endedAt ?? '') - at);
      await sleep(200);
      baseline.push(await byHand(`hand ${round}`));
    }
    showPhases(deployments);
    const aim = {
      text: 'at most 10 % or 100 ms more',
      met: (ours: number, bare: number) => ours - bare <= Math.max(100, bare / 10),
    };
    const name = 'overhead: commit to switched, profile and boot loader set';
    return [{ name, unit: 'ms', abide, baselineName: 'the same commands in a script', baseline, aim }];
  } finally {
    await daemon.stop();
    await bed.remove();
  }
}

// Asking the daemon for its status all the time would be work that counts; its log is looked at instead.
async function waitQuietly(logFile: string, commit: string): Promise<void> {
  const done = `grep -q '"event":"deployment.ended".*${commit}' '${logFile}'`;
  await execa('sh', ['-c', `for i in $(seq 200); do sleep 0.2; ${done} && sleep 0.2 && exit; done`]);
}

function showPhases(deployments: readonly Deployment[]): void {
  const of = deployments.at(-1)?.phases ?? [];
  const text = of.map(({ phase, durationSeconds }) => `${phase} ${Math.round(durationSeconds * 1000)} ms`);
  console.log(`   the last deployment: ${text.join(', ')}`);
}

/** What a person would type, for a host and a mirror of its own. */
async function createBaseline({ dir, store }: Bed): Promise<(note: string) => Promise<number>> {
  const repository = await createInfraRepository(join(dir, 'hand'));
  await commitNote(repository, 'first');
  const host = await createImitationHost(join(dir, 'hand-host'), 'demo');
  const mirror = join(dir, 'hand-mirror', '.git');
  await execa('git', ['init', '--quiet', '--bare', mirror]);
  await mkdir(join(store.stateDir, 'gcroots'), { recursive: true });
  const env = {
    ...store.env,
    MIRROR: mirror,
    REPOSITORY: repository.dir,
    PROFILE: host.profile,
    ROOT: join(store.stateDir, 'gcroots', 'hand'),
    ABIDE_ROOT: host.root,
  };
  return async (note) => {
    const { publish } = await prepareCommit(repository, note);
    const at = publish();
    await execa('/bin/sh', ['-c', script], { env, extendEnv: false });
    const took = performance.timeOrigin + performance.now() - at;
    if (!(await host.bootDefault())) throw new Error('the script did not set a boot default');
    return took;
  };
}

const script = `set -e
git --git-dir="$MIRROR" fetch --quiet --no-tags "$REPOSITORY" +refs/heads/main:refs/heads/main
commit=$(git --git-dir="$MIRROR" rev-parse refs/heads/main)
flake="git+file://$MIRROR?ref=refs/heads/main&rev=$commit#nixosConfigurations.demo"
derivation=$(nix eval --raw --option eval-cache false "$flake.config.system.build.toplevel.drvPath")
nix-store --realise "$derivation" --add-root "$ROOT" > /dev/null
system=$(readlink -f "$ROOT")
"$system/bin/switch-to-configuration" test
nix-env -p "$PROFILE" --set "$system"
NIXOS_NO_CHECK=1 "$system/bin/switch-to-configuration" boot
`;
