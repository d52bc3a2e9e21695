/**
 * The range of the least squared error, searched on a grid of factors 2^(-12 j / 400) below a cap at twice the 99.99th
 * percentile: outliers count as if they lay on the cap. Scales are rounded as they will be deployed.
 */
import { roundHalfEven } from '../../base/integer.ts';
import { sideOf } from '../bins.ts';
import { calibrationMethod } from './method.ts';
import { quantizationError } from './quantization-error.ts';
import { guardedCap } from './tail.ts';

/** 2^(-12 / 400), and the grid made of it, restarted at each exact 2^-3: engines differ in their powers. */
const ratio = 0.9794202975869268;
const factors: readonly number[] = gridFactors();
const rounds = 2;

export const mse = calibrationMethod({
  id: 'mse',
  why: 'least squared error on the tensor itself; first choice for convolutional networks',
  threshold(statistic, top) {
    const magnitudes = statistic.magnitudes();
    const cap = guardedCap(magnitudes);
    const errorOf = quantizationError(magnitudes, 0, cap);
    return best(cap, (threshold) => errorOf(Math.fround(threshold / top), 0, top));
  },
  interval(statistic, steps) {
    const bins = statistic.bins();
    // A sign with nothing but magnitudes below 2^-134 has no bins, and no codes.
    const [below, above] = [sideOf(bins, -1), sideOf(bins, 1)];
    const [capBelow, capAbove] = [below, above].map((side) => (side.length > 0 ? guardedCap(side) : 0)) as [
      number,
      number,
    ];
    const errorOf = quantizationError(bins, -capBelow, capAbove);
    const deployed = (lo: number, hi: number): number => {
      const scale = Math.fround((hi - lo) / steps);
      const zero = Math.min(roundHalfEven(-lo / scale), steps);
      return errorOf(scale, -zero, steps - zero);
    };
    let lo = -capBelow;
    let hi = capAbove;
    for (let round = 0; round < rounds; round++) {
      hi = best(capAbove, (candidate) => deployed(lo, candidate));
      lo = -best(capBelow, (candidate) => deployed(-candidate, hi));
    }
    return { lo, hi };
  },
});

/** The candidate of the least error; of equals the widest. */
function best(cap: number, errorOf: (candidate: number) => number): number {
  let found = cap;
  let least = Number.POSITIVE_INFINITY;
  for (const factor of factors) {
    const error = errorOf(cap * factor);
    if (error < least) {
      least = error;
      found = cap * factor;
    }
  }
  return found;
}

function gridFactors(): number[] {
  const out: number[] = [];
  for (let j = 0; j < 400; j++) out.push(j % 100 === 0 ? 2 ** ((-3 * j) / 100) : out[j - 1]! * ratio);
  return out;
}
