import { expect, test } from 'vitest';
import type { CheckedCommit, Signature } from '../../src/domain/checked-commit.ts';
import { judgeCommit, type CommitRule } from '../../src/domain/judge-commit.ts';
import type { SigningKey } from '../../src/domain/trust-policy.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const skew = 600_000;
const past = now - 1000;
const key = (name: string, more: Partial<SigningKey> = {}): SigningKey => ({
  kind: 'ssh',
  key: `SHA256:${name}`,
  name,
  validAfter: null,
  validBefore: null,
  ...more,
});
const rule = (known: readonly SigningKey[], allowed = known): CommitRule => ({
  known,
  allowed,
  clockSkewMs: skew,
  now,
});
const commit = (
  by: string,
  more: Partial<CheckedCommit> = {},
  signature: Partial<Extract<Signature, { good: true }>> = {},
): CheckedCommit => ({
  id: 'c'.repeat(40),
  parents: [],
  committedAt: past,
  signature: {
    good: true,
    kind: 'ssh',
    key: `SHA256:${by}`,
    signedAt: null,
    until: null,
    ...signature,
  },
  ...more,
});

test('the signer is the configured one of the key, never the author', () => {
  const signer = { kind: 'ssh', key: 'SHA256:ada', name: 'ada' };
  expect(judgeCommit(commit('ada'), rule([key('ada')]))).toEqual({ status: 'accepted', signer });
});

test('a stranger, and somebody who may not sign here, are told apart', () => {
  expect(judgeCommit(commit('eve'), rule([key('ada')]))).toMatchObject({ reason: 'unknown_key' });
  const ruling = judgeCommit(commit('bob'), rule([key('ada'), key('bob')], [key('ada')]));
  expect(ruling).toMatchObject({ status: 'rejected', reason: 'signer_not_allowed' });
  expect(ruling).toHaveProperty('message', expect.stringContaining('of bob'));
  // An OpenPGP key of the same text is another key.
  expect(judgeCommit(commit('ada', {}, { kind: 'gpg' }), rule([key('ada')]))).toMatchObject({
    reason: 'unknown_key',
  });
});

test.each([
  ['that ended', { validBefore: now }, 'rejected', 'expired_key'],
  ['that ends now or later', { validBefore: now + 1 }, 'accepted', undefined],
  ['that begins now', { validAfter: now }, 'accepted', undefined],
  ['that is to come', { validAfter: now + 1 }, 'pending', 'date_out_of_range'],
  ['that is to come and ended', { validAfter: now + 1, validBefore: now - 1 }, 'rejected', 'expired_key'],
] as const)(
  'a key with a window %s is judged by now, whatever date its commit bears',
  (_, window, status, reason) => {
    for (const committedAt of [0, past, now + skew]) {
      const ruling = judgeCommit(commit('ada', { committedAt }), rule([key('ada', window)]));
      expect(ruling.status).toBe(status);
      expect('reason' in ruling ? ruling.reason : undefined).toBe(reason);
    }
  },
);

test('of several entries of one key, one that holds is enough; one to come beats one that ended', () => {
  const over = key('ada', { validBefore: past });
  const coming = key('ada', { name: 'ada later', validAfter: now + 1 });
  const holds = key('ada', { name: 'ada now' });
  expect(judgeCommit(commit('ada'), rule([over, coming, holds]))).toMatchObject({
    signer: { name: 'ada now' },
  });
  expect(judgeCommit(commit('ada'), rule([over, coming]))).toMatchObject({ status: 'pending' });
  expect(judgeCommit(commit('ada'), rule([over, coming, holds], [over]))).toMatchObject({
    reason: 'expired_key',
  });
});

test('a date of the future waits, beyond the skew, of commit and signature; a fault comes before it', () => {
  const far = now + skew + 1;
  expect(judgeCommit(commit('ada', { committedAt: now + skew }), rule([key('ada')]))).toMatchObject({
    status: 'accepted',
  });
  expect(judgeCommit(commit('ada', { committedAt: far }), rule([key('ada')]))).toMatchObject({
    status: 'pending',
    reason: 'date_out_of_range',
  });
  expect(judgeCommit(commit('ada', {}, { signedAt: far }), rule([key('ada')]))).toMatchObject({
    status: 'pending',
  });
  const unsigned: Signature = { good: false, reason: 'unsigned', message: 'is not signed' };
  expect(judgeCommit(commit('ada', { committedAt: far, signature: unsigned }), rule([]))).toMatchObject({
    status: 'rejected',
    reason: 'unsigned',
  });
  expect(judgeCommit(commit('ada', { committedAt: 9e15 }), rule([key('ada')]))).toMatchObject({
    status: 'pending',
  });
});
