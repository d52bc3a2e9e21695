import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import { TensorStatistic } from '../statistic.ts';
import type { CalibrationMethod, RangeForm } from './index.ts';
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

const withParameters = calibrationMethods.flatMap((method: CalibrationMethod) => [
  method,
  ...(method.parameter?.examples ?? []).map((text) => methodByName(`${method.id}:${text}`)),
]);

/** Bound by what another tool does, good or bad. */
const isPreset = (method: CalibrationMethod): boolean => method.id.startsWith('entropy:');

describe.each(withParameters)('$id', (method) => {
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
      { numRuns: isPreset(method) ? 15 : 60 },
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
      // ncnn never keeps its last bin: half of one of 2,048 is missing.
      const near = (found: number): void => expect(Math.abs(found / c - 1)).toBeLessThan(2.5e-4);
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
    const least = isPreset(method) ? 0.1 : 1.9;
    for (const form of forms) expect(method.range(statisticOf(sparse), form, 'x').hi).toBeGreaterThan(least);
    sparse[13] = -2;
    for (const form of forms) expect(method.range(statisticOf(sparse), form, 'x').hi).toBeGreaterThan(least);
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

test('averages are those of the samples, in the order of their indices', () => {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.of(-4, 8), undefined, 7);
  statistic.addSample(Float32Array.of(-2, 1), undefined, 0);
  statistic.addSample(Float32Array.of(-3, 2), undefined, 2);
  const [symmetric, asymmetric] = forms as [RangeForm, RangeForm];
  const mean = methodByName('mean-minmax');
  expect(mean.range(statistic, asymmetric, 'x')).toEqual({ lo: -3, hi: expect.closeTo(11 / 3, 12) });
  // The magnitudes reached are 2, 3 and 8.
  expect(mean.range(statistic, symmetric, 'x').hi).toBeCloseTo(13 / 3, 12);
  expect(methodByName('moving-average').range(statistic, asymmetric, 'x')).toEqual({
    lo: expect.closeTo(0.9 * (0.9 * -2 + 0.1 * -3) + 0.1 * -4, 12),
    hi: expect.closeTo(0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 8, 12),
  });
  expect(methodByName('moving-average:0').range(statistic, symmetric, 'x').hi).toBe(8);
});

test('aciq knows the shape, and what a ReLU cut off', () => {
  const random = lcg(11);
  const normal = (): number => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);
  const peaked = (): number => Math.log(1 - random()) * (random() < 0.5 ? -1 : 1);
  const range = (make: () => number, form: RangeForm) =>
    methodByName('aciq').range(statisticOf(Float32Array.from({ length: 100_000 }, make)), form, 'x');
  const [symmetric, asymmetric] = forms as [RangeForm, RangeForm];
  expect(range(normal, symmetric).hi).toBeCloseTo(3.92, 1);
  expect(range(peaked, symmetric).hi / 9.89).toBeCloseTo(1, 1);
  expect(range(() => Math.max(normal(), 0), asymmetric).hi).toBeCloseTo(4.2, 1);
  expect(range(() => 20 * Math.max(peaked(), 0), asymmetric).hi / 20 / 11.16).toBeCloseTo(1, 1);
  const shifted = range(() => normal() + 2, asymmetric);
  expect(shifted.lo).toBeCloseTo(2 - 3.92, 1);
  expect(shifted.hi).toBeCloseTo(2 + 3.92, 1);
});

test('the regression of entropy-legacy ends the region where the tail would, whatever one outlier says', () => {
  const random = lcg(4);
  const values = Float32Array.from({ length: 100_000 }, () => -Math.log(1 - random()));
  values[0] = 50;
  const hi = (parameter: string): number =>
    methodByName(`entropy-legacy:${parameter}`).range(statisticOf(values), forms[1]!, 'x').hi;
  // A tail that begins where there is nothing but the outlier tells nothing.
  expect(hi('1,0.9')).toBe(hi('1'));
  // ln 100,000 is 11.5: beyond it less than one value is expected.
  const regression = hi('1,0.02');
  expect(regression).toBeGreaterThan(8);
  expect(regression).toBeLessThan(13);
  expect(regression).not.toBe(hi('1'));
  // The quantile 0.99 is ln 100.
  expect(hi('0.99')).toBeLessThanOrEqual(Math.log(100) * 1.02);
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
  for (const name of ['percentile:99.9', 'entropy:ncnn', 'moving-average:0.99', 'entropy-legacy:1,0.5'])
    expect(methodByName(name).id).toBe(name);
  for (const bad of [
    '',
    'kl',
    'percentile:',
    'percentile:0',
    'percentile:101',
    'percentile:9e1',
    'mse:3',
    'mse:',
    'entropy:',
    'entropy:toString',
    'entropy:tvm',
    'moving-average:1',
    'entropy-legacy:1,2',
    'entropy-legacy:1,',
    'entropy-legacy:1,1,1',
    '__proto__',
  ])
    expect(() => methodByName(bad), bad).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
