import { expect, test } from 'vitest';
import { plainText } from '../../src/domain/plain-text.ts';

test('escape sequences, controls and bidi characters are gone, the words stay', () => {
  const esc = String.fromCodePoint(27);
  expect(
    plainText(`${esc}]0;owned${String.fromCodePoint(7)}fix ${esc}[31mred${esc}[0m\u202eevil\u2066\u0000 `),
  ).toBe('fix redevil');
});

test('several lines become one, and length is bounded', () => {
  expect(plainText('one\r\n\ttwo')).toBe('one two');
  expect(plainText('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
});
