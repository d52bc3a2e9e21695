import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ln } from './log.ts';

test('agrees with Math.log within 1e-15, relative', () => {
  const anywhere = fc.double({ noNaN: true, min: 0, minExcluded: true, noDefaultInfinity: true });
  const nearOne = fc.double({ noNaN: true, min: 0.5, max: 2 });
  fc.assert(
    fc.property(
      fc.oneof(
        anywhere,
        nearOne,
        fc.nat().map((n) => n + 1),
      ),
      (x) => {
        const expected = Math.log(x);
        expect(Math.abs(ln(x) - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
      },
    ),
    { numRuns: 20_000 },
  );
});

test('exact at powers of two, with the usual limits', () => {
  expect(ln(1)).toBe(0);
  expect(ln(2)).toBe(Math.LN2);
  expect(ln(2 ** -1074)).toBe(-1074 * Math.LN2);
  expect(ln(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(ln(-1)).toBeNaN();
  expect(ln(Number.NaN)).toBeNaN();
  expect(ln(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});
