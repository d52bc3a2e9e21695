// The terms of the KL search, against the published example and against the search's own divergence.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldedDivergence } from '../calibrate/methods/kl-fold.ts';
import { foldedInto, informationOf, log2 } from './information.ts';

test("the talk's example: eight bins folded into two levels", () => {
  const { p, q } = foldedInto([1, 0, 2, 3, 5, 3, 1, 7], 8, 2);
  expect([...q].map((x) => x * 22)).toEqual(
    [2, 0, 2, 2, 4, 4, 4, 4].map((x) => expect.closeTo((x * 22) / 22, 12)),
  );
  const { entropy, crossEntropy, relativeEntropy } = informationOf({ p, q });
  expect(relativeEntropy * Math.LN2).toBeCloseTo(0.15031526533674186, 12);
  expect(crossEntropy - entropy).toBeCloseTo(relativeEntropy, 12);
});

test('what is cut off is in the last bin of P and unknown to Q', () => {
  const { p, q } = foldedInto([2, 2, 3, 1], 2, 2);
  expect([...p]).toEqual([0.25, 0.75]);
  expect([...q]).toEqual([0.5, 0.5]);
  expect(informationOf({ p, q }).relativeEntropy).toBeCloseTo(1 - (0.25 * 2 + 0.75 * log2(4 / 3)), 12);
  expect(informationOf(foldedInto([2, 0, 3, 1], 2, 2)).relativeEntropy).toBe(Number.POSITIVE_INFINITY);
});

test('their difference is the divergence that the search minimises', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 50 }), { minLength: 8, maxLength: 64 }),
      fc.integer({ min: 2, max: 8 }),
      fc.nat(),
      (histogram, levels, at) => {
        const kept = levels + (at % (histogram.length - levels + 1));
        fc.pre(histogram.slice(0, kept).some((x) => x > 0));
        const expected = foldedDivergence(histogram, levels)(0, kept);
        const { relativeEntropy } = informationOf(foldedInto(histogram, kept, levels));
        if (Number.isFinite(expected)) expect(relativeEntropy * Math.LN2).toBeCloseTo(expected, 9);
        else expect(relativeEntropy).toBe(expected);
      },
    ),
  );
});
