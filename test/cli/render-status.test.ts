import { describe, expect, test } from 'vitest';
import { renderOneline, renderStatus } from '../../src/cli/render-status.ts';
import { textWidth } from '../../src/cli/text-width.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import {
  before,
  newCommit,
  sampleNow,
  sampleRemote,
  sampleStatus,
  troubledStatus,
} from '../api/sample-status.ts';

const look = { now: sampleNow, color: false, width: 80 };
const linesOf = (status: HostStatus, width = 80) => renderStatus(status, { ...look, width }).split('\n');

/** A copy with `spell` added to every text but the times and the closed words that programs read. */
function poison<T>(value: T, spell: string): T {
  return JSON.parse(JSON.stringify(value), (key: string, one: unknown) => {
    const isClosed = [
      'state',
      'summary',
      'relation',
      'verdict',
      'status',
      'type',
      'mode',
      'outcome',
    ].includes(key);
    const isTime = typeof one === 'string' && /^\d{4}-\d\d-\d\dT/.test(one);
    return typeof one === 'string' && !isClosed && !isTime ? `${one}${spell}` : one;
  }) as T;
}

describe('a host in sync', () => {
  test('is shown on one short page', () => {
    expect(linesOf(sampleStatus)).toEqual([
      'web1  InSync  web1 runs the desired commit',
      '',
      'Desired       4f2a9c1e Update nginx to 1.27',
      '              main of origin, operation switch, by Alice, 3 h ago, signed by',
      '              alice (ssh)',
      'Running       the desired commit',
      '              nixos-system-web1-24.11 (k3j2h1g0)',
      '',
      'Booted        9d8e7f6a',
      'Profile       generation 12, as running',
      'Boot default  as running',
      'Last          committed 3 h ago, took 42 s: 4f2a9c1e Update nginx to 1.27',
      'Next look     in 25 s',
      '',
      'Remotes',
      '* origin  up, answered 12 s ago',
      '    main  4f2a9c1e  at the floor, accepted  Update nginx to 1.27',
    ]);
  });

  test('fits in one line', () => {
    expect(renderOneline(sampleStatus)).toBe('web1 InSync 4f2a9c1e web1 runs the desired commit');
  });

  test('says in colour what it says in words', () => {
    const colored = renderStatus(sampleStatus, { ...look, color: true });
    expect(colored).toContain('\u001b[32mInSync\u001b[0m');
    expect(colored.replaceAll(/\u001b\[\d*m/g, '')).toBe(renderStatus(sampleStatus, look));
  });
});

describe('what keeps the desired commit from running', () => {
  const page = linesOf(troubledStatus);

  test('is the failure with the end of its log and the next try', () => {
    const start = page.indexOf('Stalled       build of 4f2a9c1e failed 30 min ago');
    expect(page.slice(start + 1, start + 7)).toEqual([
      "              builder for '/nix/store/abc-nginx-1.27.drv' failed with exit code",
      '              2',
      '              | checking for PCRE library ... not found',
      '              |   configure: error: the HTTP rewrite module requires the PCRE l…',
      'Next try      in 6 h (build, attempt 5 of 5 failed)',
      '              tried again on the next commit, a config change or abide retry',
    ]);
  });

  test.each([
    ['that another commit runs', '              not the desired commit'],
    ['drift', 'Drift         manual, for 5 min: web1 runs a system that abide did not deploy'],
    ['a failing check', 'Health        http fails: status 500 (it failed before the deployment too)'],
    ['an untrusted head', 'Trust         mallory offers 9d8e7f6a, which is not signed'],
    ['a quarantine', 'Quarantine    9d8e7f6a Update nginx to 1.27: HealthCheckFailed, 2 h ago; abide'],
    ['a reboot', 'Reboot        required: kernel, initrd'],
    ['what cannot be read', 'Boot default  cannot be read'],
    ['a rollback', 'Last          rolled back 3 h ago, took 42 s: 4f2a9c1e Update nginx to 1.27:'],
    ['a remote that is down', '  backup  down, answered 2 h ago'],
    ['why it is down', '      remote backup: git.backup.example.net could not be resolved; check the'],
    ['a refused head', '    main          9d8e7f6a  ahead of the floor, refused (unsigned)  Update ngin…'],
    ['why it was refused', '      commit 9d8e7f6a is not signed'],
    ['a branch that is not there', '    testing-web1  -         no such branch'],
  ])('is %s', (_what, line) => {
    expect(page).toContain(line);
  });

  test.each<[string, Partial<HostStatus>, string]>([
    [
      'a suspension without end',
      { suspended: { reason: 'tea', by: 'root', since: before(300), until: null } },
      'Suspended     5 min ago by root, until abide resume: tea',
    ],
    [
      'a suspension that ends',
      { suspended: { reason: 'tea', by: null, since: before(300), until: before(-7200) } },
      'Suspended     5 min ago, ends in 2 h: tea',
    ],
    [
      'a gate',
      { waiting: { gate: 'lock', reason: 'busy', since: before(200), nextCheck: before(-20) } },
      'Waiting       for lock, 3 min so far: busy; next look in 20 s',
    ],
    [
      'a backoff',
      { backoff: { class: 'build', attempt: 2, attempts: 5, until: before(-240) } },
      'Next try      in 4 min (build, attempt 2 of 5 failed)',
    ],
    [
      'work in progress',
      {
        state: 'building',
        progress: { phase: 'build', text: 'openssl', done: 3, expected: 17, since: before(130) },
      },
      'Working       building, 2 min 10 s so far: openssl (3 of 17)',
    ],
    ['work that tells nothing of itself', { state: 'evaluating' }, 'Working       evaluating'],
    ['that nothing was selected', { desired: null }, 'Desired       nothing was selected yet'],
    ['that nothing was observed', { observed: null }, 'Running       not looked at yet'],
  ])('is %s', (_what, change, line) => {
    expect(linesOf({ ...sampleStatus, ...change })).toContain(line);
  });

  test('is said even when nothing is verified at all, and not when all is verified', () => {
    const trust = sampleStatus.conditions[0]!;
    const unsigned = { ...trust, reason: 'Unverified', message: 'UNSIGNED: any commit is taken' };
    expect(linesOf({ ...sampleStatus, conditions: [unsigned] })).toContain(
      'Trust         UNSIGNED: any commit is taken',
    );
    expect(linesOf(sampleStatus).join('\n')).not.toContain('Trust');
  });

  test('mode observe is said in the title', () => {
    expect(linesOf({ ...sampleStatus, mode: 'observe' }).slice(0, 2)).toEqual([
      'web1  InSync  web1 runs the desired commit (mode observe: nothing is activated)',
      '',
    ]);
  });
});

describe('a page', () => {
  const words = { ...troubledStatus.failure!, message: 'word '.repeat(60), log: ['x'.repeat(300)] };
  const long = '宽字符 and a subject that goes on and on and on and on and on and on and on and on '.repeat(
    3,
  );
  const wordy: HostStatus = {
    ...troubledStatus,
    message: 'many words '.repeat(20).trim(),
    desired: { ...troubledStatus.desired!, subject: long },
    failure: words,
    remotes: [
      {
        ...sampleRemote,
        name: 'r'.repeat(200),
        main: { ...sampleRemote.main!, ref: 'b'.repeat(200), subject: long },
      },
    ],
  };

  test.each([40, 60, 80, 120])('of %i columns is never wider', (width) => {
    const tooWide = linesOf(wordy, width).filter((line) => textWidth(line) > width);
    // A store path is kept whole, so that it can be copied.
    expect(tooWide.filter((line) => !line.includes('/nix/store/'))).toEqual([]);
  });

  test('carries nothing from others that acts on a terminal', () => {
    const spell = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eevil\r\n\u0000';
    const text = renderStatus(poison(troubledStatus, spell), look);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(renderOneline(poison(sampleStatus, spell))).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain('evil');
    expect(newCommit).toHaveLength(40);
  });
});
