import { expect, test } from 'vitest';
import type { GpgKeys } from '../../src/git/gpg-keys.ts';
import { readGpgStatus, splitGpgStatus } from '../../src/git/gpg-status.ts';

const primary = 'A'.repeat(40);
const subkey = 'B'.repeat(40);
const made = 1_700_000_000;
const keys: GpgKeys = new Map([
  [primary, { primary, made: made * 1000, until: null }],
  [subkey, { primary, made: made * 1000, until: 2_000_000_000_000 }],
]);

const newsig = 'NEWSIG';
const goodsig = 'GOODSIG AAAAAAAAAAAAAAAA Ada <ada@example.org>';
const validsig = (fields: { key?: string; expires?: number; digest?: number } = {}) =>
  `VALIDSIG ${fields.key ?? primary} 2026-01-01 ${made + 5} ${fields.expires ?? 0} 4 0 22 ${fields.digest ?? 8} 00 ${primary}`;
const errsig = (digest: number, code: number, at = made + 5) =>
  `ERRSIG AAAAAAAAAAAAAAAA 22 ${digest} 00 ${at} ${code} ${primary}`;

const lines = (...words: readonly string[]) => words.map((word) => `[GNUPG:] ${word}`);
const read = (words: readonly string[], exitedWell = true) =>
  readGpgStatus(lines(...words), exitedWell, keys);
const good = { good: true, kind: 'gpg', key: primary, signedAt: (made + 5) * 1000, until: null };

test('a good signature is its primary key’s, until key or signature expire', () => {
  expect(read([newsig, goodsig, validsig()])).toEqual(good);
  expect(read([newsig, goodsig, validsig({ key: subkey })])).toEqual({ ...good, until: 2_000_000_000_000 });
  const sooner = 1_900_000_000;
  expect(read([newsig, goodsig, validsig({ expires: sooner })])).toEqual({ ...good, until: sooner * 1000 });
  expect(read([newsig, goodsig, validsig({ key: subkey, expires: 2_100_000_000 })])).toMatchObject({
    until: 2_000_000_000_000,
  });
});

test('what gpg says besides is no matter: another subkey that expired, notations, a text that looks like a status', () => {
  const noise = [
    'KEY_CONSIDERED x 0',
    'KEYEXPIRED 1600000000',
    'SIG_ID x',
    'NOTATION_DATA [GNUPG:]_BADSIG',
    'TRUST_FULLY 0 pgp',
  ];
  expect(read([newsig, ...noise, goodsig, ...noise, validsig(), ...noise])).toEqual(good);
  const human = ['gpg: BADSIG', ' [GNUPG:] BADSIG x', 'gpg: [GNUPG:] REVKEYSIG x'];
  expect(readGpgStatus([...human, ...lines(newsig, goodsig, validsig()), ...human], true, keys)).toEqual(
    good,
  );
  expect(read([newsig, 'GOODSIG x [GNUPG:] VALIDSIG', validsig()])).toEqual(good);
});

test.each([
  ['tampered', [newsig, 'BADSIG x y'], 'bad_signature'],
  ['by a key that is not here', [newsig, errsig(8, 9), 'NO_PUBKEY x'], 'unknown_key'],
  ['by a key that is not here, without its fingerprint', [newsig, 'ERRSIG x 22 8 00 1 9 -'], 'unknown_key'],
  [
    'by a key that expired (git < 2.54)',
    [newsig, 'KEYEXPIRED 1', 'EXPKEYSIG x y', validsig()],
    'expired_key',
  ],
  ['by a key that is revoked', [newsig, 'KEYREVOKED', 'REVKEYSIG x y', validsig()], 'revoked_key'],
  ['that expired itself', [newsig, 'EXPSIG x y', validsig()], 'expired_key'],
  ['over SHA-1', [newsig, goodsig, validsig({ digest: 2 })], 'weak_digest'],
  ['over SHA-1, with weak-digest', [newsig, errsig(2, 5)], 'weak_digest'],
  ['over MD5', [newsig, errsig(1, 5)], 'weak_digest'],
  ['over a digest nobody knows', [newsig, goodsig, validsig({ digest: 99 })], 'weak_digest'],
  ['of an algorithm that gpg cannot check', [newsig, errsig(8, 4)], 'bad_signature'],
  ['older than its key', [newsig, errsig(8, 6, made - 1)], 'bad_signature'],
  ['by a key that this clock does not know yet', [newsig, errsig(8, 6)], 'verifier_failed'],
  ['twice good', [newsig, goodsig, validsig(), newsig, goodsig, validsig()], 'malformed'],
  ['good and unknown', [newsig, goodsig, validsig(), newsig, errsig(8, 9), 'NO_PUBKEY x'], 'malformed'],
  ['without data', ['NODATA 4'], 'malformed'],
  ['with something unexpected', [newsig, goodsig, validsig(), 'UNEXPECTED 0'], 'malformed'],
  ['of which gpg said nothing', [], 'verifier_failed'],
  ['at which gpg was killed early', [newsig], 'verifier_failed'],
  ['at which gpg was killed late', [newsig, goodsig], 'verifier_failed'],
  ['with two words that it is valid', [newsig, goodsig, validsig(), validsig()], 'verifier_failed'],
  ['good and bad in one', [newsig, goodsig, validsig(), 'BADSIG x y'], 'bad_signature'],
])('a signature %s is refused whatever git’s exit code is', (_, words, reason) => {
  for (const exitedWell of [true, false]) {
    expect(read(words, exitedWell)).toEqual({ good: false, reason, message: expect.any(String) });
  }
});

test('git’s exit code has to fit: nothing is good that git refused', () => {
  expect(read([newsig, goodsig, validsig()], false)).toMatchObject({
    good: false,
    reason: 'verifier_failed',
  });
  expect(read([newsig, 'EXPKEYSIG x y', validsig()], true)).toMatchObject({ reason: 'expired_key' });
});

test('several commits’ lines are told apart only when they are just so many', () => {
  const one = lines(newsig, goodsig, validsig());
  expect(splitGpgStatus([...one, ...one], 2)).toEqual([one, one]);
  expect(splitGpgStatus([...lines('NODATA 3'), ...one], 1)).toEqual([one]);
  expect(splitGpgStatus([...one, ...one], 3)).toBeNull();
  expect(splitGpgStatus([...one, ...one], 1)).toBeNull();
  expect(splitGpgStatus([], 0)).toEqual([]);
  expect(splitGpgStatus(['x [GNUPG:] NEWSIG', '[GNUPG:] NEWSIGNAL', ...one], 1)).toEqual([one]);
});
