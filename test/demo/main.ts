import { execa } from 'execa';
import type { HostStatus } from '../../src/domain/status.ts';
import { createWorld, type World } from './world.ts';

const once = process.argv.includes('--once');
const started = Date.now();
let steps = 0;

process.exitCode = await tour();

/** Runs the tour; exit code 0 only if every step went as told. */
async function tour(): Promise<number> {
  const world = await createWorld();
  try {
    await walk(world);
    say('\nEvery step went as told.');
    if (!once) await stayUp(world);
    return 0;
  } catch (error) {
    console.error(`\nThis did not go as told: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await world.daemon.stop();
    await world.remove();
  }
}

async function walk(world: World): Promise<void> {
  const { daemon, host, desk } = world;
  say(`Two Git remotes, an imitation NixOS host and a private Nix store live in ${world.dir}`);

  await step('The daemon starts on a host that runs nothing yet, and deploys main', async () => {
    await daemon.start();
    await running(world, 'first');
  });

  await step('A signed commit is pushed to main: the host follows', async () => {
    await world.push('second');
    const { desired } = await running(world, 'second');
    expect(desired?.signer?.name === 'ada', 'ada signed it');
    say(`   signed by ${desired?.signer?.name} with ${desired?.signer?.kind} key ${desired?.signer?.key}`);
  });

  await step('An unsigned commit on top of a fix is refused, and the signed fix below it still counts', () =>
    refuseUnsigned(world),
  );

  await step(
    'A testing branch on top is activated with operation test; the next boot is still main',
    async () => {
      await desk.git('checkout', '--quiet', '-b', 'testing-demo');
      await desk.setHosts('{ demo = { note = "trial"; }; }\n');
      await desk.commit('trial');
      await desk.git('push', '--quiet', 'origin', 'testing-demo');
      const status = await running(world, 'trial');
      expect(status.desired?.testing === true, 'a testing commit is desired');
      expect(
        status.observed?.profile.toplevel !== status.observed?.current.toplevel,
        'the profile still is main',
      );
    },
  );

  await step('The testing branch is deleted: main comes back', async () => {
    await desk.git('push', '--quiet', 'origin', '--delete', 'testing-demo');
    await desk.git('checkout', '--quiet', 'main');
    await running(world, 'more');
  });

  await step('A commit in the second remote, a repository on this machine, is seen at once', async () => {
    const before = Date.now();
    const commit = await world.commitOnLaptop('from the laptop');
    await daemon.until('the new commit', ({ desired }) => desired?.commit === commit);
    say(`   desired ${Date.now() - before} ms after the commit was begun`);
    await running(world, 'from the laptop');
  });

  await step('The first remote goes away: the second carries on', async () => {
    await world.originGoesAway();
    await daemon.until('origin down', ({ remotes }) => remotes[0]?.up === false);
    await world.commitOnLaptop('while origin is away');
    await running(world, 'while origin is away');
    await world.originComesBack();
    await daemon.until('origin up', ({ remotes }) => remotes[0]?.up === true, 90_000);
  });

  await step('A commit that does not evaluate is reported and tried again with backoff', async () => {
    await desk.setHosts('{ demo = throw "a typo, on purpose"; }\n');
    await desk.commit('a typo');
    await desk.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    const status = await daemon.until('the failure', ({ backoff }) => backoff !== null);
    say(`   ${status.failure?.message}`);
    say(
      `   attempt ${status.backoff?.attempt} of ${status.backoff?.attempts}, next at ${status.backoff?.until}`,
    );
  });

  await step('The next good commit supersedes it at once', async () => {
    await world.push('repaired');
    await running(world, 'repaired');
  });

  await step('A system whose activation fails is undone, and its commit is quarantined', async () => {
    await world.push('broken', 'activateExit = 1;');
    const status = await daemon.until('the rollback', ({ quarantine }) => quarantine.length > 0, 60_000);
    say(`   ${status.lastDeployment?.outcome}: ${status.lastDeployment?.message}`);
    expect((await noteOf(world)) === 'repaired', 'the previous system runs again');
    await world.push('mended');
    await running(world, 'mended');
  });

  await step('History on main is rewritten: refused, and the host stays where it is', async () => {
    const good = await desk.git('rev-parse', 'HEAD');
    await desk.git('reset', '--quiet', '--hard', 'HEAD~3');
    await world.push('rewritten');
    const status = await daemon.until(
      'the refusal',
      ({ remotes }) => remotes[0]?.main?.relation === 'rewritten',
    );
    say(`   ${status.remotes[0]?.main?.message}`);
    expect((await noteOf(world)) === 'mended', 'the host did not follow');
    await desk.git('reset', '--quiet', '--hard', good);
    await desk.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main');
    await daemon.until('main as before', ({ remotes }) => remotes[0]?.main?.relation === 'same');
  });

  await step('The daemon is killed in the middle of a build, and carries on when it is back', async () => {
    await world.push('slow', 'buildSeconds = 3;');
    await daemon.until('the build', ({ state }) => state === 'building');
    await daemon.kill();
    say('   killed with signal 9, and started again');
    await daemon.start();
    await running(world, 'slow', 90_000);
  });

  await step('The host is changed by hand: the drift shows, and abide retry brings it back', async () => {
    await switchByHand(world);
    const status = await daemon.until('the drift', ({ summary }) => summary === 'Drifted');
    for (const { kind, message } of status.drift) say(`   ${kind}: ${message}`);
    const { exitCode } = await daemon.cli('retry');
    expect(exitCode === 0, 'abide retry is accepted');
    await running(world, 'slow');
  });

  const { stdout } = await daemon.cli('status');
  say(`\nabide status says:\n\n${stdout}`);
  expect(host.root !== '', 'the host is there');
}

async function refuseUnsigned(world: World): Promise<void> {
  const { daemon, desk } = world;
  await desk.setHosts('{ demo = { note = "fix"; }; }\n');
  await desk.commit('fix');
  const unsigned = await world.commitUnsigned('more');
  await desk.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
  const { remotes } = await running(world, 'fix');
  expect(remotes[0]?.main?.head === unsigned, 'the unsigned commit is the head of main');
  expect(remotes[0]?.main?.reason === 'unsigned', 'it is refused because it is not signed');
  const { stdout } = await daemon.cli('why', unsigned);
  say(`   abide why ${unsigned.slice(0, 8)}\n${stdout.replace(/^/gm, '     ')}`);
  await desk.git('commit', '--quiet', '--amend', '--no-edit', '-S');
  await desk.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main');
  say('   git commit --amend --no-edit -S, and pushed again');
  await running(world, 'more');
}

async function step(title: string, act: () => Promise<void>): Promise<void> {
  steps += 1;
  const begun = Date.now();
  say(`\n${String(steps).padStart(2)}. ${title}`);
  await act();
  say(`   done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

/** Waits until the host runs the system with this note and the daemon says that all is as desired. */
async function running(world: World, note: string, timeoutMs = 60_000): Promise<HostStatus> {
  const status = await world.daemon.until(
    `the system "${note}"`,
    ({ summary, desired }) => summary === 'InSync' && desired?.subject === note,
    timeoutMs,
  );
  expect((await noteOf(world)) === note, `etc/note says "${note}"`);
  say(
    `   the host runs ${status.desired?.commit.slice(0, 8)} "${note}" (operation ${status.desired?.operation})`,
  );
  return status;
}

async function noteOf({ host }: World): Promise<string> {
  return (await execa('cat', [`${host.root}/etc/note`])).stdout;
}

/** What somebody with a root shell would do: activate the system of an earlier commit. */
async function switchByHand({ daemon, host, env }: World): Promise<void> {
  const { stdout } = await daemon.cli('history', '--json');
  const { deployments } = JSON.parse(stdout) as { deployments: { toplevel: string; subject: string }[] };
  const other = deployments.find(({ subject }) => subject === 'mended');
  if (!other) throw new Error('history does not have the deployment that went before');
  say(`   ${other.toplevel}/bin/switch-to-configuration test`);
  await execa(`${other.toplevel}/bin/switch-to-configuration`, ['test'], {
    env: { ...env, ABIDE_ROOT: host.root, NIXOS_NO_CHECK: '1' },
    extendEnv: false,
  });
}

async function stayUp({ daemon }: World): Promise<void> {
  const address = /"metrics":"([^"]+)"/.exec(daemon.log())?.[1];
  say(`The daemon stays up until Ctrl-C. From another terminal:

  status    node dist/main.mjs --socket ${daemon.socket} status
  history   node dist/main.mjs --socket ${daemon.socket} history
  metrics   http://${address}/metrics
  log       ${daemon.logFile}
`);
  const keep = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  clearInterval(keep);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it is not so that ${what}`);
}

function say(text: string): void {
  console.log(text);
}

process.on('exit', () => say(`\n${((Date.now() - started) / 1000).toFixed(0)} s in all`));
