import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const minutes = 60_000;

/** Runs one verb of the dead-man and kills it before its n-th command; true when it came to its end before that. */
async function killedAt(n: number, ...words: readonly string[]): Promise<boolean> {
  const script = join(lab.host.root, 'run/abide-deadman/d1/dead-man.sh');
  // Only bash can stop before every command, of functions and subshells, too; in its POSIX mode the script means the same.
  const driver = join(lab.host.dir, 'driver.sh');
  writeFileSync(
    driver,
    `n=0
set -T
trap 'n=$((n + 1)); test "$n" -lt ${n} || kill -s KILL $$' DEBUG
. '${script}'
`,
  );
  const args = ['--posix', driver, ...words];
  const { signal } = await execa('bash', args, { reject: false, env: {}, extendEnv: false, stdio: 'ignore' });
  return signal !== 'SIGKILL';
}

/** Every line of a verb: `begin` sets the stage, `after` says what must be true whenever it was killed. */
async function everyLine(
  begin: () => Promise<void>,
  words: readonly string[],
  after: (line: number) => Promise<void>,
): Promise<number> {
  for (let line = 2; ; line += 1) {
    await begin();
    const ended = await killedAt(line, ...words);
    await after(line);
    await lab.remove();
    if (ended) return line;
  }
}

const profiles = 'nix/var/nix/profiles';
const armed = async () => {
  lab = createDeadManLab({
    previous: ['if test "$1" = boot; then touch "$(dirname "$0")/loader"; exit; fi', 'activate'],
  });
  lab.host.link(`${profiles}/system-1-link`, lab.way.previous);
  lab.host.link(`${profiles}/system-2-link`, lab.way.toplevel);
  lab.host.link(`${profiles}/system`, 'system-1-link');
  await lab.deadMan.arm({ ...lab.way, profile: lab.way.previous }, 'switch', 60);
};

describe('a dead-man that is killed', () => {
  test('at any line while it acts is started again and goes back', { timeout: 40 * minutes }, async () => {
    const lines = await everyLine(
      async () => {
        await armed();
        await lab.activate(60);
        lab.host.link(`${profiles}/system`, 'system-2-link');
      },
      ['act', 'abide'],
      async (line) => {
        await lab.deadMan.start(lab.way);
        await lab.until(() => lab.note('outcome') !== null, 30);
        expect([line, lab.current()]).toEqual([line, lab.way.previous]);
        expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', failures: 0 });
        expect([line, readlinkSync(join(lab.host.root, profiles, 'system'))]).toEqual([
          line,
          'system-1-link',
        ]);
        expect([line, existsSync(join(lab.way.previous, 'bin/loader'))]).toEqual([line, true]);
        await lab.until(() => lab.processes().length === 0, 30);
      },
    );
    expect(lines).toBeGreaterThan(30);
  });

  test(
    'at any line while it is called off is called off by the next try',
    { timeout: 10 * minutes },
    async () => {
      const lines = await everyLine(armed, ['disarm'], async (line) => {
        await lab.deadMan.disarm('d1');
        expect([line, (await lab.deadMan.state('d1')).state]).toEqual([line, 'disarmed']);
        await lab.until(() => lab.processes().length === 0, 30);
      });
      expect(lines).toBeGreaterThan(10);
    },
  );

  test(
    'at any line while its time is set anew still waits, and goes back in time',
    { timeout: 10 * minutes },
    async () => {
      const lines = await everyLine(
        async () => {
          await armed();
          lab.host.link('run/current-system', lab.way.toplevel);
        },
        ['arm', 'probation', '1'],
        async (line) => {
          expect([line, (await lab.deadMan.state('d1')).state]).toEqual([line, 'armed']);
          await lab.deadMan.arm(lab.way, 'probation', 0.2);
          await lab.until(() => lab.current() === lab.way.previous, 30);
          await lab.until(() => lab.processes().length === 0, 30);
        },
      );
      expect(lines).toBeGreaterThan(10);
    },
  );
});
