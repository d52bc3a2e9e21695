import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import { TensorStatistic } from '../statistic.ts';
import type { RangeForm } from './index.ts';
import { calibrationMethods, methodByName } from './index.ts';

const forms: readonly RangeForm[] = [
  { kind: 'symmetric', levels: 255 },
  { kind: 'asymmetric', levels: 256 },
  { kind: 'symmetric', levels: 65535 },
  { kind: 'asymmetric', levels: 65536 },
];

function statisticOf(values: Iterable<number>): TensorStatistic {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.from(values));
  return statistic;
}

const value = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 1e-42, -1e-42, 1e-30, 3.4e38, -3.4e38, Number.NaN, Number.NEGATIVE_INFINITY),
  fc.float({ min: -10, max: 10, noNaN: true }),
);

describe.each(calibrationMethods)('$id', (method) => {
  test('holds zero, is not empty, and reaches no further than the values, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(...forms),
        fc.boolean(),
        (values, form, fold) => {
          const statistic = statisticOf(fold ? values.map(Math.abs) : values);
          if (statistic.finite === 0) return;
          const { lo, hi } = method.range(statistic, form, 'x');
          const amax = Math.max(-statistic.min, statistic.max);
          expect(lo <= 0 && 0 <= hi && lo < hi && !Object.is(lo, -0)).toBe(true);
          if (form.kind === 'symmetric') expect(lo).toBe(-hi);
          if (amax === 0) return;
          if (form.kind === 'symmetric') expect(hi).toBeLessThanOrEqual(amax);
          else
            expect([lo >= Math.min(statistic.min, 0), hi <= Math.max(statistic.max, 0)]).toEqual([
              true,
              true,
            ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('negated values get the mirrored range', () => {
    const random = lcg(5);
    const values = Float32Array.from({ length: 3000 }, () => (random() - 0.2) ** 3);
    for (const form of forms) {
      const { lo, hi } = method.range(statisticOf(values), form, 'x');
      const mirrored = method.range(statisticOf(values.map((x) => -x)), form, 'x');
      // The two sides of an interval are searched in turn, so the mirror may settle on a neighbour of the grid.
      expect(mirrored.lo / -hi).toBeCloseTo(1, 1);
      expect(mirrored.hi / -lo).toBeCloseTo(1, 1);
    }
  });

  test('a tensor of zeros gets scale 1', () => {
    const zeros = statisticOf([0, -0, 0]);
    expect(method.range(zeros, forms[0]!, 'x')).toEqual({ lo: -127, hi: 127 });
    expect(method.range(zeros, forms[1]!, 'x')).toEqual({ lo: 0, hi: 255 });
  });

  test('a constant, positive or negative, and a tiny one', () => {
    for (const c of [0.3, 7, 1e-20, 2 ** -149].map(Math.fround)) {
      const near = (found: number): void => expect(Math.abs(found / c - 1)).toBeLessThan(1e-6);
      const up = method.range(statisticOf([c, c, c]), forms[1]!, 'x');
      expect(up.lo).toBe(0);
      near(up.hi);
      const down = method.range(statisticOf([-c, -c]), forms[1]!, 'x');
      expect(down.hi).toBe(0);
      near(-down.lo);
    }
  });

  test('a bulk of zeros does not make an empty range', () => {
    const sparse = new Float32Array(200_000);
    sparse[7] = 2;
    sparse[11] = 3;
    for (const form of forms) expect(method.range(statisticOf(sparse), form, 'x').hi).toBeGreaterThan(1.9);
    sparse[13] = -2;
    for (const form of forms) expect(method.range(statisticOf(sparse), form, 'x').hi).toBeGreaterThan(1.9);
  });

  test('no finite value is an error that names the tensor', () => {
    for (const values of [[], [Number.NaN, Number.POSITIVE_INFINITY]])
      expect(() => method.range(statisticOf(values), forms[0]!, "value 'conv1'")).toThrow(
        expect.objectContaining({ code: 'CALIBRATION', where: "value 'conv1'" }),
      );
    expect(() => method.range(statisticOf([1]), { kind: 'symmetric', levels: 2 }, 'x')).toThrow(/2 levels/);
  });
});

test('percentile cuts its share: magnitudes from the top, an interval half from either end', () => {
  const thousand = statisticOf(Array.from({ length: 1000 }, (_, i) => i + 1));
  const bothSigns = statisticOf(Array.from({ length: 1000 }, (_, i) => i - 499.5));
  const keep = (percent: string) => methodByName(`percentile:${percent}`);
  expect(keep('90').range(thousand, forms[1]!, 'x').hi).toBeCloseTo(900, -1);
  const { lo, hi } = keep('90').range(bothSigns, forms[1]!, 'x');
  expect(hi).toBeCloseTo(450, -1);
  expect(lo).toBe(-hi);
  expect(keep('100').range(bothSigns, forms[1]!, 'x')).toEqual({
    lo: expect.closeTo(-499.5, 0),
    hi: expect.closeTo(499.5, 0),
  });
  const rarelyNegative = statisticOf(Array.from({ length: 1000 }, (_, i) => (i === 0 ? -5 : i)));
  expect(keep('99').range(rarelyNegative, forms[1]!, 'x').lo).toBe(0);
});

test('mse clips outliers on their own side only', () => {
  const random = lcg(9);
  const values = Float32Array.from({ length: 50_000 }, () => random() * 2 - 0.5);
  values[0] = 1000;
  const { lo, hi } = methodByName('mse').range(statisticOf(values), forms[1]!, 'x');
  expect(lo).toBeCloseTo(-0.5, 1);
  expect(hi).toBeGreaterThan(1.4);
  expect(hi).toBeLessThan(3.1);
});

test('methods are found by name', () => {
  expect(methodByName().id).toBe('mse');
  for (const method of calibrationMethods) expect(methodByName(method.id)).toBe(method);
  expect(methodByName('percentile:99.9').id).toBe('percentile:99.9');
  for (const bad of ['', 'kl', 'percentile:', 'percentile:0', 'percentile:101', 'percentile:9e1', 'mse:3'])
    expect(() => methodByName(bad), bad).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
