// Figures of four tensors of a million values, the published searches' and ours; made here and checked by hash.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import { TensorStatistic } from '../statistic.ts';
import { entropy } from './entropy.ts';
import { foldedDivergence, klSearch } from './kl-search.ts';
import { minmax } from './minmax.ts';
import { mse } from './mse.ts';
import { percentile } from './percentile.ts';

const length = 1_000_000;

function gaussian(seed: number): Float64Array {
  const u = lcg(seed);
  const z = new Float64Array(length);
  for (let i = 0; i < length; i += 2) {
    const r = Math.sqrt(-2 * Math.log(u()));
    const angle = 2 * Math.PI * u();
    z[i] = r * Math.cos(angle);
    z[i + 1] = r * Math.sin(angle);
  }
  return z;
}

function laplace(): Float32Array {
  const u = lcg(1);
  return Float32Array.from({ length }, () => {
    const x = u();
    return x < 0.5 ? Math.log(2 * x) : -Math.log(2 * (1 - x));
  });
}

/** Two bumps, at 0 and 4, and one outlier. */
function bimodal(): Float32Array {
  const u = lcg(3);
  const x = Float32Array.from(gaussian(4), (v) => (u() < 0.7 ? 0.5 * v : 4 + 0.5 * v));
  x[0] = 40;
  return x;
}

const vectors = [
  {
    name: 'L',
    make: laplace,
    hash: 'd6e7e789b1f717b1',
    amax: 14.463359,
    percentile: 9.170103,
    kl: { bins: 1517, threshold: 10.716869 },
    mse: { threshold: 9.743, sqnr: 35.45 },
  },
  {
    name: 'G',
    make: () => Float32Array.from(gaussian(2)),
    hash: '5eb3d5b5dd0d700d',
    amax: 4.879142,
    percentile: 3.885117,
    kl: { bins: 1934, threshold: 4.60874 },
    mse: { threshold: 3.963, sqnr: 40.5 },
  },
  {
    name: 'R',
    make: () => Float32Array.from(gaussian(2), (x) => Math.max(x, 0)),
    hash: '2c7db02e9dfdd92a',
    amax: 4.853276,
    percentile: 3.733516,
    kl: { bins: 1990, threshold: 4.717014 },
    mse: { threshold: 3.942, sqnr: 40.49 },
  },
  {
    name: 'B',
    make: bimodal,
    hash: '623c038da47c7ab4',
    amax: 40,
    percentile: 5.700457,
    kl: { bins: 306, threshold: 5.986328 },
    mse: { threshold: 5.622, sqnr: 44.75 },
  },
] as const;

const symmetric = { kind: 'symmetric', levels: 255 } as const;
const unsigned = { kind: 'asymmetric', levels: 256 } as const;

function statisticOf(values: Float32Array): TensorStatistic {
  const statistic = new TensorStatistic();
  statistic.addSample(values);
  return statistic;
}

/** 2,048 bins of |x| over [0, amax], as S7310 defines them; zeros as they come. */
function magnitudeHistogram(values: Float32Array, amax: number): Float64Array {
  const histogram = new Float64Array(2048);
  for (const x of values) histogram[Math.min(Math.floor((Math.abs(x) / amax) * 2048), 2047)]! += 1;
  return histogram;
}

/** dB; an outlier first in B is left out by `from`. */
function sqnr(values: Float32Array, { lo, hi }: { lo: number; hi: number }, from: number): number {
  const top = lo < 0 ? 127 : 255;
  const scale = Math.fround(hi / top);
  let signal = 0;
  let noise = 0;
  for (const x of values.subarray(from)) {
    const q = Math.min(Math.max(Math.round(x / scale), lo < 0 ? -top : 0), top);
    signal += x * x;
    noise += (x - q * scale) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

describe.each(vectors)('vector $name', (vector) => {
  const values = vector.make();
  const statistic = statisticOf(values);
  const from = vector.name === 'B' ? 1 : 0;

  test('is the vector that was published', () => {
    const bytes = new Uint8Array(values.buffer);
    expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16)).toBe(vector.hash);
  });

  test('minmax and percentile', () => {
    expect(minmax.range(statistic, symmetric, 'x').hi).toBeCloseTo(vector.amax, 6);
    const { lo, hi } = percentile.range(statistic, symmetric, 'x');
    expect(lo).toBe(-hi);
    expect(Math.abs(hi - vector.percentile)).toBeLessThanOrEqual(vector.percentile * 2 ** -8);
  });

  test('the KL search on the linear histogram', () => {
    const amax = statistic.magnitudes().upper.at(-1)!;
    const histogram = magnitudeHistogram(values, amax);
    if (vector.name === 'R') expect(klSearch(histogram).bins).toBe(896);
    histogram[0] = 0;
    const { bins, divergence } = klSearch(histogram);
    expect(bins).toBe(vector.kl.bins);
    expect(((bins + 0.5) * amax) / 2048).toBeCloseTo(vector.kl.threshold, 6);
    expect(foldedDivergence(histogram, 128)(bins)).toBe(divergence);
  });

  test('entropy from the counts loses nothing on the linear histogram', () => {
    const amax = statistic.magnitudes().upper.at(-1)!;
    const histogram = magnitudeHistogram(values, amax);
    histogram[0] = 0;
    const found = entropy.range(statistic, symmetric, 'x');
    const ours = Math.round((found.hi * 2048) / amax - 0.5);
    const divergenceOf = foldedDivergence(histogram, 128);
    // Curves are flat and jagged at the bottom (empty bins): the best bin nearby tells what was reached.
    let reached = Number.POSITIVE_INFINITY;
    for (let bins = ours - 16; bins <= Math.min(ours + 16, 2048); bins++)
      reached = Math.min(reached, divergenceOf(bins));
    expect(reached).toBeLessThanOrEqual(klSearch(histogram).divergence * 1.01);
    const published = { lo: -vector.kl.threshold, hi: vector.kl.threshold };
    expect(sqnr(values, found, from)).toBeGreaterThan(sqnr(values, published, from) - 0.1);
  });

  test('guarded MSE', () => {
    const found = mse.range(statistic, symmetric, 'x');
    expect(found.hi).toBeCloseTo(vector.mse.threshold, 3);
    expect(sqnr(values, found, from)).toBeCloseTo(vector.mse.sqnr, 1);
    if (vector.name !== 'R') return;
    const oneSided = mse.range(statistic, unsigned, 'x');
    expect(oneSided).toEqual({ lo: 0, hi: expect.closeTo(4.284, 3) });
    expect(sqnr(values, oneSided, 0)).toBeCloseTo(45.94, 1);
  });
});

test('folding 8 bins into 2 levels', () => {
  expect(foldedDivergence([1, 0, 2, 3, 5, 3, 1, 7], 2)(8)).toBeCloseTo(0.15031526533674186, 15);
});

test('outliers beyond an empty last bin cannot be told: the divergence is infinite', () => {
  const divergenceOf = foldedDivergence([4, 0, 2, 0, 1], 2);
  expect(divergenceOf(4)).toBe(Number.POSITIVE_INFINITY);
  // P = [4, 0, 3] / 7, Q = [4, 0, 2] / 6: a level each.
  expect(divergenceOf(3)).toBeCloseTo((4 / 7) * Math.log(6 / 7) + (3 / 7) * Math.log(9 / 7), 15);
});

test('of equals the search keeps the most', () => {
  const histogram = new Float64Array(512);
  histogram[200] = 5;
  histogram[511] = 5;
  expect(klSearch(histogram, 128)).toEqual({ bins: 512, divergence: expect.closeTo(0, 12) });
  expect(klSearch(new Float64Array(300))).toEqual({ bins: 300, divergence: Number.POSITIVE_INFINITY });
});
