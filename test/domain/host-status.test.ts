import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostStatus } from '../../src/domain/host-status.ts';
import { arbitraryView } from './arbitrary-view.ts';
import {
  accepted,
  begin,
  exampleDeployment,
  exampleFacts,
  exampleFailure,
  exampleJudgement,
  exampleRemote,
  foreignSystem,
  later,
  newCommit,
  oldCommit,
  oldSystem,
  seenWith,
  settledView,
  towardsNew,
  withFacts,
} from './example-view.ts';

const status = (view: Parameters<typeof hostStatus>[0]) => hostStatus(view, [], begin);

describe('the status of a host', () => {
  test('has every key of the contract and nothing that is undefined, in every view', () => {
    const keys = Object.keys(status(settledView)).toSorted();
    fc.assert(
      fc.property(arbitraryView, (view) => {
        const document = status(view);
        expect(Object.keys(document).toSorted()).toEqual(keys);
        expect(JSON.parse(JSON.stringify(document))).toEqual(document);
      }),
      { numRuns: 500 },
    );
  });

  test('begins as the contract shows', () => {
    expect(status(settledView)).toMatchObject({
      apiVersion: 'abide/v1',
      kind: 'HostStatus',
      host: 'web1',
      version: '0.1.0',
      mode: 'enforce',
      summary: 'InSync',
      state: 'settled',
      floor: oldCommit,
      nextReconcile: later,
    });
  });

  test('tells of desired what its head says, with the signer of exactly that commit', () => {
    const signer = { kind: 'ssh' as const, key: 'SHA256:x', name: 'alice' };
    const verdict = { ...accepted, signer };
    const view = { ...settledView, judgements: [exampleJudgement('origin', { verdict })] };
    expect(status(view).desired).toEqual({
      commit: oldCommit,
      remote: 'origin',
      branch: 'main',
      testing: false,
      operation: 'switch',
      subject: 'the old one',
      author: 'alice',
      committedAt: begin,
      signer,
    });
  });

  test('names subject and signer of the accepted ancestor that a refused head stands for', () => {
    const signer = { kind: 'ssh' as const, key: 'SHA256:x', name: 'alice' };
    const head = exampleJudgement('origin').head!;
    const refused = exampleJudgement('origin', {
      head: { ...head, commit: { ...head.commit, id: newCommit } },
      verdict: { ...accepted, status: 'rejected', signer },
      candidate: oldCommit,
    });
    expect(status({ ...settledView, judgements: [refused] }).desired).toMatchObject({
      subject: 'the old one',
      signer,
    });
  });

  test('lists all commits that give the running system, and none for a foreign one', () => {
    const twin = { ...exampleFacts.commits[0]!, commit: newCommit };
    const view = withFacts({ commits: [...exampleFacts.commits, twin] });
    expect(status(view).observed?.current).toMatchObject({
      toplevel: oldSystem,
      commits: [oldCommit, newCommit],
      specialisation: null,
    });
    expect(status(seenWith({ current: foreignSystem, currentRevision: 'dirty' })).observed?.current).toEqual({
      toplevel: foreignSystem,
      commits: [],
      specialisation: null,
    });
  });

  test('dates drift by when it began', () => {
    const view = {
      ...seenWith({ bootDefault: foreignSystem }),
      facts: { ...exampleFacts, driftSince: { bootloader: begin } },
    };
    expect(hostStatus(view, [], later).drift).toMatchObject([{ kind: 'bootloader', since: begin }]);
  });

  test('shows each remote with its health and what was made of its branches', () => {
    const view = { ...settledView, remotes: [exampleRemote('origin'), exampleRemote('mirror', false)] };
    expect(status(view).remotes).toMatchObject([
      { name: 'origin', up: true, lastSuccess: begin, error: null, selected: true, testing: null },
      {
        name: 'mirror',
        up: false,
        lastSuccess: null,
        error: { code: 'remote_connect', message: 'connection refused' },
        selected: false,
        main: { ref: 'main', head: oldCommit, relation: 'same', verdict: 'accepted', candidate: oldCommit },
      },
    ]);
  });

  test('shows the failure while it is retried, with the backoff only while it waits', () => {
    const waiting = status(towardsNew({ state: 'backoff' }, { failure: exampleFailure }));
    expect(waiting.backoff).toEqual({ class: 'evaluate', attempt: 2, attempts: 3, until: later });
    expect(waiting.failure).toMatchObject({ commit: newCommit, log: ['error: ...'], stalled: false });
    expect(status(towardsNew({ state: 'evaluating' }, { failure: exampleFailure })).backoff).toBeNull();
    expect(status(withFacts({ failure: exampleFailure })).failure).toBeNull();
  });

  test('shows the running deployment and the last one, and the checks of the newer', () => {
    const check = {
      name: 'units',
      status: 'passing',
      baseline: null,
      durationSeconds: 1,
      message: null,
    } as const;
    const last = { ...exampleDeployment, id: 'd0', outcome: 'committed' as const, checks: [check] };
    const settled = status(withFacts({ deployments: [last] }));
    expect([settled.deployment, settled.lastDeployment?.id, settled.health.length]).toEqual([null, 'd0', 1]);
    const running = status(
      towardsNew({ state: 'activating' }, { deployment: exampleDeployment, deployments: [last] }),
    );
    expect([running.deployment?.id, running.lastDeployment?.id, running.health.length]).toEqual([
      'd1',
      'd0',
      0,
    ]);
  });

  test('gives waiting and progress their times as RFC 3339', () => {
    const view = towardsNew({
      state: 'gating',
      waiting: { gate: 'cache', reason: 'not there yet', since: 0, nextCheck: 60_000 },
      progress: { phase: 'build', text: 'x', done: null, expected: null, since: 1000 },
    });
    expect(status(view).waiting).toMatchObject({
      since: '1970-01-01T00:00:00.000Z',
      nextCheck: '1970-01-01T00:01:00.000Z',
    });
    expect(status(view).progress?.since).toBe('1970-01-01T00:00:01.000Z');
  });
});
