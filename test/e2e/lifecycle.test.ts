import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { createDaemon } from '../harness/daemon.ts';
import { createLab, processesWith, type Lab, type LabOptions } from './alpha-lab.ts';

const labs: Lab[] = [];

afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.remove();
});

async function newLab(options?: LabOptions): Promise<Lab> {
  const lab = await createLab(options);
  labs.push(lab);
  return lab;
}

test('a second daemon on the same state directory is refused, by the pid of the first', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  const config = JSON.parse(await readFile(lab.daemon.configFile, 'utf8')) as Record<string, unknown>;
  const other = join(lab.dir, 'other.json');
  await writeFile(other, JSON.stringify({ ...config, api: { socket: join(lab.dir, 'other.sock') } }));
  const second = await execa(process.execPath, [lab.daemon.program, 'run', '--config', other], {
    env: lab.env,
    extendEnv: false,
    reject: false,
  });
  expect(second.exitCode).toBe(1);
  expect(second.stdout + second.stderr).toContain(`pid ${lab.daemon.pid()}`);
  expect((await lab.daemon.status()).kind).toBe('HostStatus');
});

test('a config that does not parse names every fault at once, with exit code 2', async () => {
  const lab = await newLab();
  const file = join(lab.dir, 'bad.yaml');
  await writeFile(
    file,
    'source: { remotes: [{ name: "Origin", url: "ext::sh -c id", poll: 10ms }], sub: x }\ntrust: { mode: range }\nmode: on\n',
  );
  const { exitCode, stderr } = await execa(process.execPath, [lab.daemon.program, 'run', '--config', file], {
    env: lab.env,
    extendEnv: false,
    reject: false,
  });
  expect(exitCode).toBe(2);
  for (const part of [
    'source.remotes[0].name',
    'source.remotes[0].url',
    'source.remotes[0].poll',
    'source.sub',
    'mode',
  ]) {
    expect(stderr).toContain(part);
  }
});

test('a socket path that is taken is taken over when it is dead, and waited for when it is not a socket', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.daemon.kill();
  expect(existsSync(lab.daemon.socket)).toBe(true);
  await lab.daemon.start();
  await lab.deploy('one');
  await lab.daemon.stop();
  await writeFile(lab.daemon.socket, 'mine');
  const starting = lab.daemon.start();
  await expect.poll(() => lab.daemon.log(), { timeout: 10_000 }).toMatch(/control socket cannot listen/);
  expect(await readFile(lab.daemon.socket, 'utf8')).toBe('mine');
  await rm(lab.daemon.socket);
  await starting;
});

test('a metrics port that is taken costs the metrics only', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => squatter.once('listening', resolve));
  const { port } = squatter.address() as AddressInfo;
  const lab = await newLab({ config: { metrics: { listen: `127.0.0.1:${port}` } } });
  await lab.daemon.start();
  await lab.deploy('one');
  await new Promise((resolve) => squatter.close(resolve));
  await expect
    .poll(() => lab.daemon.metrics().catch(() => ''), { timeout: 20_000 })
    .toContain('abide_build_info');
});

test('SIGTERM ends it within seconds in an evaluation, in a build and in a switch; the switch goes on and is adopted', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.deploy('one');
  await lab.release('builds', 'buildSeconds = 30;');
  await lab.daemon.until('building', ({ state }) => state === 'building');
  let begun = Date.now();
  expect(await lab.daemon.stop()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(6000);
  expect(processesWith(join(lab.dir, 'nix/store'))).toEqual([]);
  await lab.release('switches', 'activateSeconds = 4;');
  await lab.daemon.start();
  const { deployment } = await lab.daemon.until(
    'switching',
    (status) => status.deployment?.step === 'switch',
  );
  await expect.poll(() => processesWith('/activate').length).toBeGreaterThan(0);
  begun = Date.now();
  expect(await lab.daemon.stop()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(9000);
  await lab.daemon.start();
  const status = await lab.daemon.until(
    'committed',
    ({ summary, lastDeployment }) => summary === 'InSync' && lastDeployment?.subject === 'switches',
  );
  expect(status.lastDeployment).toMatchObject({ id: deployment?.id, outcome: 'committed' });
});

test('mode observe builds, tells and never activates', async () => {
  const lab = await newLab({ config: { mode: 'observe' } });
  await lab.daemon.start();
  await lab.release('observed');
  const status = await lab.daemon.until('waiting', ({ waiting }) => waiting?.gate === 'mode');
  expect(status).toMatchObject({
    summary: 'Waiting',
    mode: 'observe',
    deployment: null,
    lastDeployment: null,
  });
  expect(await lab.host.current()).toBeNull();
});

test('the configuration of another machine waits, and names both machines', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.release('foreign', 'machineId = "ffffffffffffffffffffffffffffffff";');
  const { waiting, summary } = await lab.daemon.until('waiting', (status) => status.waiting !== null);
  expect(summary).toBe('Waiting');
  expect(waiting).toMatchObject({ gate: 'machine-id', reason: expect.stringContaining(lab.host.machineId) });
});

test('a suspension survives a restart, with its reason, and resume goes on', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.deploy('one');
  expect((await lab.daemon.cli('suspend', '--reason', 'a demo')).exitCode).toBe(0);
  await lab.release('two');
  await lab.daemon.kill();
  await lab.daemon.start();
  const status = await lab.daemon.until('suspended', ({ desired }) => desired?.subject === 'two');
  expect(status).toMatchObject({ summary: 'Suspended', suspended: { reason: 'a demo' }, state: 'settled' });
  expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(13);
  expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).toBe(1);
  expect((await lab.daemon.cli('resume')).exitCode).toBe(0);
  await lab.daemon.until('two', ({ summary, desired }) => summary === 'InSync' && desired?.subject === 'two');
});

test('a testing deployment stays when the daemon restarts while no remote answers', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.deploy('main');
  await lab.infra.git('checkout', '--quiet', '-b', 'testing-alpha');
  await lab.deploy('trial');
  await lab.daemon.kill();
  await rename(lab.infra.dir, `${lab.infra.dir}.away`);
  await lab.daemon.start();
  const status = await lab.daemon.until(
    'a failed poll and a look at the host',
    ({ remotes, observed }) => remotes[0]?.up === false && observed !== null,
  );
  expect(status).toMatchObject({ summary: 'InSync', desired: { subject: 'trial', testing: true } });
  expect(await readFile(join(lab.host.root, 'etc/note'), 'utf8')).toBe('trial');
});

test('rewritten history is refused until it is accepted', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  await lab.deploy('one');
  const good = await lab.deploy('two');
  await lab.infra.git('reset', '--quiet', '--hard', 'HEAD~1');
  const rewritten = await lab.release('other two');
  const status = await lab.daemon.until(
    'refused',
    ({ remotes }) => remotes[0]?.main?.relation === 'rewritten',
  );
  expect(status).toMatchObject({
    summary: 'InSync',
    desired: { commit: good },
    remotes: [{ main: { verdict: 'rejected', reason: 'rewritten', candidate: null } }],
  });
  expect(status.conditions.find(({ type }) => type === 'SourceTrusted')).toMatchObject({
    status: 'False',
    reason: 'Rewritten',
  });
  expect(await lab.daemon.metrics()).toContain('abide_trust_rejections_total{reason="rewritten"} 1');
  expect((await lab.daemon.cli('accept', '0'.repeat(40), '--reason', 'x')).exitCode).toBe(1);
  expect((await lab.daemon.cli('accept', rewritten, '--reason', 'we meant it')).exitCode).toBe(0);
  await lab.daemon.until('accepted', ({ summary, floor }) => summary === 'InSync' && floor === rewritten);
});

test('a lost journal goes on from the witness; with the witness lost too, from what the host says it runs', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  const floor = await lab.deploy('one');
  await lab.daemon.stop();
  const journal = join(lab.dir, 'state/journal.json');
  await rm(journal);
  await lab.daemon.start();
  expect((await lab.daemon.status()).floor).toBe(floor);
  await lab.daemon.stop();
  await writeFile(journal, (await readFile(journal, 'utf8')).slice(0, 200));
  await lab.daemon.start();
  expect((await lab.daemon.status()).floor).toBe(floor);
  await lab.daemon.stop();
  await rm(journal);
  await rm(join(lab.dir, 'state/witness.json'));
  await lab.daemon.start();
  expect((await lab.daemon.status()).floor).toBe(floor);
});

test('with nothing left that says what was deployed, it holds until a commit is accepted', async () => {
  const lab = await newLab();
  await lab.daemon.start();
  const commit = await lab.deploy('one', 'trackRev = false;');
  await lab.daemon.stop();
  await rm(join(lab.dir, 'state/journal.json'));
  await rm(join(lab.dir, 'state/witness.json'));
  await lab.daemon.start();
  const status = await lab.daemon.until('held', ({ summary }) => summary === 'Unknown');
  expect(status.message).toContain('abide accept');
  expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(14);
  await lab.daemon.until('heard', ({ remotes }) => remotes[0]?.up === true);
  expect((await lab.daemon.cli('accept', commit, '--reason', 'restored')).exitCode).toBe(0);
  await lab.daemon.until('in sync', ({ summary, floor }) => summary === 'InSync' && floor === commit);
});

test('a full disk under the state directory is said, and nothing is lost when there is room again', async ({
  skip,
}) => {
  const lab = await newLab();
  const state = join(lab.dir, 'small');
  const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', await made(state)], {
    reject: false,
  });
  if (mounted.exitCode !== 0) skip('no tmpfs can be mounted here');
  try {
    const config = JSON.parse(await readFile(lab.daemon.configFile, 'utf8')) as Record<string, unknown>;
    await lab.daemon.stop();
    const daemon = await createDaemon({
      dir: lab.dir,
      env: lab.env,
      config: { ...config, state: { dir: state } },
    });
    await daemon.start();
    const first = await lab.release('fits');
    await daemon.until('fits', ({ summary, desired }) => summary === 'InSync' && desired?.commit === first);
    await execa('sh', ['-c', `dd if=/dev/zero of=${state}/filler bs=4k 2>/dev/null || true`]);
    const second = await lab.release('does not fit');
    await expect.poll(() => daemon.log(), { timeout: 15_000 }).toMatch(/no space|No space|ENOSPC|is full/i);
    expect((await daemon.status()).floor).toBe(first);
    await rm(join(state, 'filler'));
    await daemon.cli('retry');
    await daemon.until(
      'room',
      ({ summary, desired }) => summary === 'InSync' && desired?.commit === second,
      60_000,
    );
    await daemon.stop();
  } finally {
    await execa('umount', ['-l', state]);
  }
});

async function made(dir: string): Promise<string> {
  await execa('mkdir', ['-p', dir]);
  return dir;
}

test('where systemd runs it, a config that means something else ends the daemon after the deployment, and nothing less does', async () => {
  const lab = await newLab({ env: (_dir, env) => ({ ...env, INVOCATION_ID: '0123' }) });
  const { daemon } = lab;
  await daemon.start();
  await lab.deploy('one');
  const text = await readFile(daemon.configFile, 'utf8');
  await writeFile(daemon.configFile, `${text}\n`);
  await writeFile(daemon.configFile, '{ "trust": ');
  await expect.poll(() => daemon.log(), { timeout: 10_000 }).toMatch(/cannot be used; abide goes on/);
  expect(daemon.hasEnded()).toBe(false);
  await lab.release('two', 'activateSeconds = 2;');
  await daemon.until('switching', ({ deployment }) => deployment?.step === 'switch');
  await writeFile(
    daemon.configFile,
    JSON.stringify({ ...(JSON.parse(text) as object), log: { level: 'debug' } }),
  );
  await expect.poll(() => daemon.hasEnded(), { timeout: 20_000 }).toBe(true);
  await daemon.start();
  const status = await daemon.until('two', ({ summary }) => summary === 'InSync');
  expect(status.lastDeployment).toMatchObject({ subject: 'two', outcome: 'committed' });
  expect(daemon.log()).toMatch(/the configuration changed: this daemon ends/);
});
