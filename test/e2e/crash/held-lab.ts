import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { HostStatus } from '../../../src/domain/status.ts';
import { hasEnded, type LabOptions } from '../alpha-lab.ts';
import { createCrashLab, disagreements, type CrashLab } from './crash-lab.ts';

/** A crash lab in which a system stays on probation until it is let go or undone. */
export interface HeldLab extends CrashLab {
  /** Releases a system and waits until it is on probation, where it stays. */
  onProbation(): Promise<string>;
  /** The system on probation is healthy from now on. */
  go(): Promise<void>;
  /** Undoes what is on probation without a wait for its deadline. */
  undo(): Promise<void>;
  /** Releases a system that is healthy at once, for a test that begins with one that nothing is held against. */
  base(): Promise<void>;
  /** A note that no other system of this lab has. */
  note(word: string): string;
  /** Waits until this commit's deployment has come to its end. */
  ended(commit: string): Promise<HostStatus>;
  /** The same, and looks whether all agrees that it is committed. */
  expectCommitted(commit: string): Promise<void>;
  /** A system of somebody else's, built from the same repository. */
  foreign(): Promise<string>;
  /** Runs a system's own switch-to-configuration as somebody else would. */
  byHand(toplevel: string, action: string): Promise<number | undefined>;
}

/** A system whose note says `hold` is not healthy before that note is in the file `go`. */
const holding = (dir: string) =>
  `read -r note < ${dir}/host/run/current-system/etc/note
case $note in hold*) grep -qxF "$note" ${dir}/go || { echo not yet >&2; exit 1; };; esac`;

/** Makes one whose daemon runs with a first system deployed. */
export async function createHeldLab({ config = {}, ...options }: LabOptions = {}): Promise<HeldLab> {
  const lab = await createCrashLab({
    ...options,
    config: (dir) => ({
      health: {
        settle: '0s',
        stableFor: '0s',
        deadline: '1m',
        inbound: { ports: [] },
        checks: [{ name: 'app', command: ['/bin/sh', '-c', holding(dir)] }],
      },
      ...(typeof config === 'function' ? config(dir) : config),
    }),
  });
  const { NODE_OPTIONS: _, ...env } = lab.env;
  let count = 0;
  let held = '';
  const note = (word: string) => `${word} ${(count += 1)}`;
  const ended = (commit: string) => lab.daemon.until('the end', hasEnded(commit), 90_000);
  await lab.daemon.start();
  await lab.deploy('first');
  return {
    ...lab,
    note,
    ended,
    go: () => appendFile(join(lab.dir, 'go'), `${held}\n`),
    undo: async () => {
      expect(await lab.daemon.cli('reject', '--reason', 'no good')).toMatchObject({ exitCode: 0 });
    },
    base: async () => {
      const { state, lastDeployment } = await lab.daemon.status();
      if (state !== 'settled' || lastDeployment?.outcome !== 'committed') await lab.deploy(note('base'));
    },
    onProbation: async () => {
      held = note('hold');
      const commit = await lab.release(held);
      await lab.daemon.until(
        'probation',
        ({ state, deployment }) => state === 'probation' && deployment?.commit === commit,
      );
      return commit;
    },
    expectCommitted: async (commit) => {
      const status = await ended(commit);
      expect(status.lastDeployment).toMatchObject({ outcome: 'committed', commit });
      expect(status).toMatchObject({ floor: commit, summary: 'InSync' });
      expect(await lab.host.current()).toBe(status.lastDeployment?.toplevel);
      expect(await disagreements(lab, status)).toEqual([]);
    },
    foreign: async () => {
      await lab.infra.setHosts(`{ alpha = { note = "${note('by hand')}"; }; }\n`);
      const flake = `path:${lab.infra.dir}#nixosConfigurations.alpha.config.system.build.toplevel`;
      const { stdout } = await execa('nix', ['build', '--no-link', '--json', flake], {
        env,
        extendEnv: false,
      });
      return (JSON.parse(stdout) as [{ outputs: { out: string } }])[0].outputs.out;
    },
    byHand: async (toplevel, action) => {
      const { exitCode } = await execa(join(toplevel, 'bin/switch-to-configuration'), [action], {
        env: { PATH: lab.env['PATH'] ?? '', ABIDE_ROOT: lab.host.root },
        extendEnv: false,
        reject: false,
      });
      return exitCode;
    },
  };
}
