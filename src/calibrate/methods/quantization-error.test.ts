import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TensorStatistic } from '../statistic.ts';
import { quantizationError } from './quantization-error.ts';

/** The error of points spread over each bin, one by one. */
function pointwise(
  statistic: TensorStatistic,
  [lo, hi]: [number, number],
  grid: [number, number, number],
): number {
  const [scale, qLo, qHi] = grid;
  const { length, value, lower, upper, count } = statistic.bins();
  const points = 4000;
  let error = 0;
  for (let i = 0; i < length; i++)
    for (let k = 0; k < points; k++) {
      const spread = lower[i]! + ((upper[i]! - lower[i]!) * (k + 0.5)) / points;
      const x = value[i] === 0 ? 0 : Math.min(Math.max(spread, lo), hi);
      const q = Math.min(Math.max(Math.round(x / scale), qLo), qHi);
      error += (count[i]! / points) * (x - q * scale) ** 2;
    }
  return error;
}

test('equals the error of values spread over their bins', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0.004, max: 1, noNaN: true }),
      fc.integer({ min: -130, max: 0 }),
      fc.integer({ min: 1, max: 130 }),
      fc.double({ min: 1, max: 5, noNaN: true }),
      (values, scale, qLo, qHi, cap) => {
        const statistic = new TensorStatistic();
        statistic.addSample(Float32Array.from(values));
        const error = quantizationError(statistic.bins(), -cap, cap)(scale, qLo, qHi);
        const expected = pointwise(statistic, [-cap, cap], [scale, qLo, qHi]);
        expect(Math.abs(error - expected)).toBeLessThanOrEqual(2e-3 * expected + 1e-12);
      },
    ),
    { numRuns: 60 },
  );
});

test('nothing is lost on values that are codes', () => {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.of(0, 0, -1, 1, 1));
  expect(quantizationError(statistic.bins(), -1, 1)(1, -127, 127)).toBe(0);
  expect(quantizationError(statistic.bins(), 0, 0)(1, -127, 127)).toBe(0);
});
