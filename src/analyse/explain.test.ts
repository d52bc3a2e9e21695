// Explanations against the values themselves: what is said of a range must be what quantizing with it does.
import { describe, expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { methodByName } from '../calibrate/methods/index.ts';
import { TensorStatistic } from '../calibrate/statistic.ts';
import type { Choice } from './explain.ts';
import { explain, rangeForms } from './explain.ts';

function laplace(count: number, seed = 1): Float32Array {
  const next = lcg(seed);
  return Float32Array.from({ length: count }, () => {
    const u = next();
    return u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u));
  });
}

function statisticOf(values: Float32Array): TensorStatistic {
  const statistic = new TensorStatistic();
  statistic.addSample(values);
  return statistic;
}

/** SQNR and saturation as they come out when the values are quantized one by one. */
function measured(values: Float32Array, { range, step }: Choice, zero: number, most: number) {
  let [signal, noise, beyond] = [0, 0, 0];
  for (const x of values) {
    const code = Math.min(Math.max(Math.round(x / step), -zero), most);
    signal += x * x;
    noise += (code * step - x) ** 2;
    if (x < range.lo || x > range.hi) beyond++;
  }
  return { sqnrDb: 10 * Math.log10(signal / noise), saturated: beyond / values.length };
}

const values = laplace(60_000);
const symmetric = explain(statisticOf(values), 'laplace');

test('every choice is what its range does to the values', () => {
  expect(symmetric.methods.map((m) => m.method)).toEqual(
    expect.arrayContaining(['minmax', 'mse', 'entropy', 'entropy:tensorrt', 'entropy:ort-2048']),
  );
  for (const choice of [symmetric.before, symmetric.after, ...symmetric.methods]) {
    const truth = measured(values, choice, 127, 127);
    expect(Math.abs(choice.sqnrDb - truth.sqnrDb), choice.method).toBeLessThan(0.1);
    expect(Math.abs(choice.saturated - truth.saturated), choice.method).toBeLessThan(
      2e-5 + 0.01 * truth.saturated,
    );
    expect(choice.crossEntropy - choice.entropy).toBeCloseTo(choice.relativeEntropy, 9);
  }
});

test('entropy is at the lowest point of the curve, mse at that of the noise', () => {
  const { curve, after, noise, methods, before } = symmetric;
  const least = Math.min(...curve.relativeEntropy);
  expect(after.method).toBe('entropy');
  expect(after.relativeEntropy).toBeCloseTo(least, 9);
  expect(after.relativeEntropy).toBeLessThan(before.relativeEntropy);
  const total = noise.rounding.map((r, i) => r + noise.clipping[i]!);
  const lowest = noise.thresholds[total.indexOf(Math.min(...total))]!;
  const mse = methods.find((m) => m.method === 'mse')!;
  expect(lowest / mse.threshold).toBeGreaterThan(0.95);
  expect(lowest / mse.threshold).toBeLessThan(1.05);
  expect(10 * Math.log10(1 / Math.min(...total))).toBeCloseTo(mse.sqnrDb, 1);
  expect(noise.clipping.at(-1)).toBe(0);
});

test('before maps everything, and counts are all there', () => {
  const { before, histogram, values: count, zeros } = symmetric;
  expect(before).toMatchObject({ method: 'minmax', saturated: 0 });
  const inBins = histogram.counts.reduce((a, b) => a + b, 0);
  // What shares the bin of zero is left out with it.
  expect(count - zeros - inBins - histogram.beyond).toBeGreaterThanOrEqual(0);
  expect(inBins + histogram.beyond).toBeGreaterThan(0.98 * count);
});

describe('other forms', () => {
  test('u8 codes of a tensor with both signs', () => {
    const skewed = values.map((x) => (x < 0 ? x / 4 : x));
    const { methods, levels } = explain(statisticOf(skewed), 'skewed', { form: rangeForms.asymmetric });
    expect(levels).toBe(128);
    for (const choice of methods) {
      const zero = Math.min(Math.round(-choice.range.lo / choice.step), 255);
      const truth = measured(skewed, choice, zero, 255 - zero);
      expect(Math.abs(choice.sqnrDb - truth.sqnrDb), choice.method).toBeLessThan(0.1);
    }
  });

  test('one sign has all levels, and another method can be held against the maximum', () => {
    const positive = values.map((x) => Math.max(x, 0));
    const { levels, after, zeros } = explain(statisticOf(positive), 'relu', {
      form: rangeForms.asymmetric,
      method: methodByName('percentile:99.9'),
    });
    expect(levels).toBe(256);
    expect(after.method).toBe('percentile:99.9');
    expect(after.saturated).toBeCloseTo(0.001, 4);
    expect(zeros / positive.length).toBeCloseTo(0.5, 1);
  });
});

test('an outlier is beyond the histogram, and mapping it is measured all the same', () => {
  const spoiled = Float32Array.from(values);
  spoiled[0] = 1000;
  const { histogram, before, after } = explain(statisticOf(spoiled), 'spoiled');
  expect(histogram.beyond).toBe(1);
  expect(histogram.end).toBeLessThan(30);
  expect(before.threshold).toBe(1000);
  expect(before.sqnrDb).toBeGreaterThan(after.sqnrDb);
  expect(Number.isFinite(before.relativeEntropy)).toBe(true);
});

test('what is not finite is counted; nothing but zeros is nothing to explain', () => {
  const odd = Float32Array.from(values.subarray(0, 999));
  odd.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(explain(statisticOf(odd), 'odd')).toMatchObject({ nan: 1, infinite: 2, values: 999 });
  const zeros = statisticOf(new Float32Array(8));
  expect(() => explain(zeros, 'nil')).toThrow("tensor 'nil': all of its 8 finite values are zero");
  expect(() => explain(statisticOf(new Float32Array(2).fill(Number.NaN)), 'nan')).toThrow(
    'none of its 2 values',
  );
});

test('a constant, and the smallest of tensors, have an explanation', () => {
  for (const few of [[3], [3, 3, 3], [-1, 1], [0, 1e-30], [2 ** -120, 5]]) {
    const { after, methods } = explain(statisticOf(Float32Array.from(few)), 'few');
    expect(after.threshold).toBeGreaterThan(0);
    expect(methods.every((m) => m.saturated >= 0 && m.saturated <= 1)).toBe(true);
  }
});
