import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { createInfraRepository } from '../harness/imitation-host.ts';
import { commitNote, createBed, createBedDaemon, prepareCommit, settledOn, type Bed } from './bed.ts';
import type { Figure } from './figure.ts';

const rounds = 11;

/** From a commit on a watched local remote to the start of the `nix` that evaluates it. */
export async function reaction(): Promise<Figure[]> {
  const bed = await createBed();
  const stamp = join(bed.dir, 'stamp');
  const path = `${await stampingNix(bed, stamp)}:${bed.store.env['PATH']}`;
  const remotes = [{ name: 'laptop', url: bed.repository.dir, branches: { testing: null } }];
  const daemon = await createBedDaemon(bed, remotes, { path });
  const byHand = await createBaseline(bed);
  try {
    await daemon.start();
    await settledOn(daemon, await bed.repository.git('rev-parse', 'HEAD'));
    const abide: number[] = [];
    const baseline: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await sleep(200);
      const { commit, publish } = await prepareCommit(bed.repository, `round ${round}`);
      await rm(stamp, { force: true });
      const at = publish();
      await settledOn(daemon, commit);
      abide.push(Number(await readFile(stamp, 'utf8')) * 1000 - at);
      await sleep(200);
      baseline.push(await byHand(round));
    }
    return [
      {
        name: 'reaction: commit on a watched remote to start of evaluation',
        unit: 'ms',
        abide,
        baselineName: 'inotify, then `git fetch` into a bare repository',
        baseline,
        aim: { text: 'at most 100 ms more', met: (ours, bare) => ours - bare <= 100 },
      },
    ];
  } finally {
    await daemon.stop();
    await bed.remove();
  }
}

/** A `nix` that notes when it was first started; bash has the time without another process. */
async function stampingNix({ dir }: Bed, stamp: string): Promise<string> {
  const bin = join(dir, 'bin');
  const { stdout: nix } = await execa('sh', ['-c', 'command -v nix']);
  await mkdir(bin);
  await writeFile(
    join(bin, 'nix'),
    `#!/bin/bash\n[ -e '${stamp}' ] || echo "$EPOCHREALTIME" > '${stamp}'\nexec '${nix}' "$@"\n`,
  );
  await chmod(join(bin, 'nix'), 0o755);
  return bin;
}

/** The least a program could do: wait for the ref to move, and fetch it. */
async function createBaseline({ dir, store }: Bed): Promise<(round: number) => Promise<number>> {
  const repository = await createInfraRepository(join(dir, 'other'));
  await commitNote(repository, 'first');
  const mirror = join(dir, 'bare.git');
  await execa('git', ['init', '--quiet', '--bare', mirror]);
  const args = [
    '--git-dir',
    mirror,
    'fetch',
    '--quiet',
    '--no-tags',
    repository.dir,
    '+refs/heads/main:refs/heads/main',
  ];
  await execa('git', args);
  return async (round) => {
    const { publish } = await prepareCommit(repository, `round ${round}`);
    const watcher = watch(join(repository.dir, '.git/refs/heads'));
    const seen = new Promise<void>((resolve) => {
      watcher.on('change', (_, name) => name === 'main' && resolve());
    });
    const at = publish();
    await seen;
    const child = spawn('git', args, { env: store.env, stdio: 'ignore' });
    await once(child, 'exit');
    watcher.close();
    return performance.timeOrigin + performance.now() - at;
  };
}
