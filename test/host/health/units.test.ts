import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckSeen } from '../../../src/domain/check.ts';
import type { Against, Limit, Look } from '../../../src/host/health/health-check.ts';
import { unitCheck } from '../../../src/host/health/unit.ts';
import { unitsCheck } from '../../../src/host/health/units.ts';
import { run } from '../../../src/process.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-units-'));
  writeFileSync(
    join(dir, 'systemctl'),
    `#!/bin/sh\n[ -e "${dir}/dead" ] && { echo "Failed to connect to bus" >&2; exit 1; }\n/bin/cat "${dir}/units"\n`,
  );
  chmodSync(join(dir, 'systemctl'), 0o755);
});
afterEach(() => rmSync(dir, { recursive: true }));

const limit = (): Limit => ({ ms: 5000, signal: new AbortController().signal });
const deps = () => ({ run, path: `${dir}:/usr/bin:/bin`, systemd: true });

/** What systemctl says: units as `name active`, with more properties as `Key=value`. */
function says(...units: readonly string[]): void {
  const blocks = units.map((unit) => {
    const [name, active, ...more] = unit.split(' ');
    const sub = active === 'active' ? 'running' : 'dead';
    const result = active === 'failed' ? 'exit-code' : 'success';
    return [
      `Id=${name}`,
      'LoadState=loaded',
      `ActiveState=${active}`,
      `SubState=${sub}`,
      `Result=${result}`,
      'Type=simple',
      'NRestarts=0',
      'FragmentPath=/etc/systemd/system/x',
      'WantedBy=multi-user.target',
      ...more,
    ].join('\n');
  });
  writeFileSync(join(dir, 'units'), `${blocks.join('\n\n')}\n`);
}

function system(name: string, units: Readonly<Record<string, string>>): string {
  const at = join(dir, name, 'etc/systemd/system');
  mkdirSync(at, { recursive: true });
  for (const [unit, text] of Object.entries(units)) writeFileSync(join(at, unit), text);
  return join(dir, name);
}

/** Looks before and after, with the systems' own unit files. */
async function compare(
  before: readonly string[],
  after: readonly string[],
  ignore: readonly string[] = [],
): Promise<Look> {
  const check = unitsCheck(deps(), ignore);
  says(...before);
  const seen = asSeen(await check.look(null, limit()));
  says(...after);
  const previous = system('old', { 'same.service': 'same', 'changed.service': 'old' });
  const toplevel = system('new', { 'same.service': 'same', 'changed.service': 'new', 'new.service': 'new' });
  return check.look({ before: seen, previous, toplevel } satisfies Against, limit());
}

const asSeen = (look: Look): CheckSeen => ({
  name: 'units',
  durationSeconds: 0,
  definitive: false,
  well: [],
  unwell: [],
  ...look,
});

describe('units that got worse', () => {
  test('one that was active and failed is a failure for good', async () => {
    expect(await compare(['web.service active'], ['web.service failed'])).toMatchObject({
      status: 'failing',
      message: 'web.service failed (exit-code)',
      definitive: true,
    });
  });

  test('one that was active and is not may come back', async () => {
    expect(await compare(['web.service active'], ['web.service inactive'])).toMatchObject({
      status: 'failing',
      message: 'web.service was active and is inactive',
      definitive: false,
    });
  });

  test('a new or changed one that failed counts, one that stays the same does not', async () => {
    expect(await compare([], ['new.service failed'])).toMatchObject({ status: 'failing' });
    expect(await compare([], ['changed.service failed'])).toMatchObject({ status: 'failing' });
    expect(await compare([], ['same.service failed'])).toMatchObject({ status: 'passing' });
    expect(await compare([], ['new.service failed WantedBy='])).toMatchObject({ status: 'passing' });
  });

  test('one that restarts over and over counts and may mend itself', async () => {
    expect(
      await compare(['web.service active'], ['web.service activating SubState=auto-restart']),
    ).toMatchObject({
      status: 'failing',
      definitive: false,
    });
    expect(await compare(['web.service active'], ['web.service active NRestarts=2'])).toMatchObject({
      status: 'failing',
      message: 'web.service restarts over and over',
    });
  });
});

describe('units that did not', () => {
  test.each([
    ['failed before too', ['web.service failed'], ['web.service failed']],
    ['is gone with the new system', ['web.service active'], ['web.service inactive LoadState=not-found']],
    ['is started on demand and idle', ['web.service active'], ['web.service inactive WantedBy=']],
    [
      'is a oneshot that ended',
      ['job.service active'],
      ['job.service inactive Type=oneshot RemainAfterExit=no'],
    ],
    ['is of a session', ['user@1000.service active'], ['user@1000.service failed']],
    [
      'is transient',
      ['run-1.service active'],
      ['run-1.service failed FragmentPath=/run/systemd/transient/run-1.service'],
    ],
  ])('one that %s', async (_, before, after) => {
    expect(await compare(before, after)).toMatchObject({ status: 'passing' });
  });

  test('what a timer starts and what waits for the network only warn', async () => {
    const after = [
      'backup.service failed TriggeredBy=backup.timer',
      'systemd-networkd-wait-online.service failed',
    ];
    const look = await compare(
      ['backup.service active', 'systemd-networkd-wait-online.service active'],
      after,
    );
    expect(look).toMatchObject({ status: 'passing' });
    expect(look.message).toContain('only a warning: backup.service failed');
  });

  test('one that the configuration ignores', async () => {
    expect(await compare(['web.service active'], ['web.service failed'], ['web.service'])).toMatchObject({
      status: 'passing',
    });
  });
});

test('without systemd nothing can be told, and a manager that does not answer is no success', async () => {
  const none = { ...deps(), systemd: false };
  expect(await unitsCheck(none, []).look(null, limit())).toMatchObject({ status: 'unknown' });
  expect(
    await unitCheck(none, { name: 'u', timeoutMs: 1, unit: 'x.service' }).look(null, limit()),
  ).toMatchObject({ status: 'unknown' });
  writeFileSync(join(dir, 'dead'), '');
  await expect(unitsCheck(deps(), []).look(null, limit())).rejects.toThrow('Failed to connect to bus');
});

test.each([
  ['web.service active', { status: 'passing' }],
  ['web.service activating', { status: 'failing', message: 'web.service is activating (dead)' }],
  ['web.service failed', { status: 'failing', definitive: true }],
  ['web.service inactive LoadState=not-found', { status: 'failing', definitive: true }],
])('a check of one unit that is %s', async (unit, expected) => {
  says(unit);
  const look = await unitCheck(deps(), { name: 'web', timeoutMs: 1000, unit: 'web.service' }).look(
    null,
    limit(),
  );
  expect(look).toMatchObject(expected);
});
