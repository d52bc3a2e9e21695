/**
 * Analytical clipping (Banner et al. 2019, "Post training 4-bit quantization of convolutional networks"): the threshold
 * that costs least if the values follow a Laplace or a Gaussian distribution, whichever makes them likelier.
 */
import type { Bins } from '../bins.ts';
import type { TensorStatistic } from '../statistic.ts';
import { calibrationMethod } from './method.ts';

/**
 * The best threshold in units of b = E|x - mean| (Laplace) and of sigma (Gaussian), by the highest code: the solutions of
 * a e^a = 3 L^2 and of phi(a) - a Q(a) = a / (6 L^2), with L = 2 (top + 1) levels over both signs. Of values with one sign
 * only half of the levels are used, which is one bit more for the others.
 */
const multiples = [
  { top: 127, laplace: 9.89, gaussian: 3.92 },
  { top: 255, laplace: 11.16, gaussian: 4.2 },
  { top: 32767, laplace: 20.27, gaussian: 5.938 },
  { top: 65535, laplace: 21.59, gaussian: 6.151 },
] as const;

/** The Laplace distribution is likelier where b / sigma is below sqrt(pi / 2 e). */
const laplaceBelow = 0.76017345053314;

export const aciq = calibrationMethod({
  id: 'aciq',
  why: 'needs no search: the best threshold for a bell or a peak of the same spread',
  threshold(statistic, top) {
    const oneSided = statistic.min >= 0 || statistic.max <= 0;
    const { centre, reach } = oneSided
      ? { centre: 0, reach: reachOf(momentsAround(statistic.magnitudes(), 0), top) }
      : around(statistic, top);
    return Math.abs(centre) + reach;
  },
  interval(statistic, steps) {
    const { centre, reach } = around(statistic, Math.floor(steps / 2));
    return { lo: centre - reach, hi: centre + reach };
  },
});

function around(statistic: TensorStatistic, top: number): { centre: number; reach: number } {
  const { length, value, count } = statistic.bins();
  let [seen, sum] = [0, 0];
  for (let i = 0; i < length; i++) {
    if (value[i] === 0) continue;
    seen += count[i]!;
    sum += count[i]! * value[i]!;
  }
  const centre = sum / seen;
  return { centre, reach: reachOf(momentsAround(statistic.bins(), centre), top) };
}

interface Moments {
  readonly b: number;
  readonly sigma: number;
}

/**
 * Zeros are left out: they say nothing of how far values spread. Of one sign, what is not zero is taken for the half of a
 * distribution around zero, of which a ReLU cut off the other.
 */
function momentsAround({ length, value, count }: Bins, centre: number): Moments {
  let [seen, absolute, squared] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    if (value[i] === 0) continue;
    const distance = Math.abs(value[i]! - centre);
    seen += count[i]!;
    absolute += count[i]! * distance;
    squared += count[i]! * distance * distance;
  }
  return { b: absolute / seen, sigma: Math.sqrt(squared / seen) };
}

function reachOf({ b, sigma }: Moments, top: number): number {
  const { laplace, gaussian } = multiples.find((row) => row.top >= top) ?? multiples.at(-1)!;
  return b < laplaceBelow * sigma ? laplace * b : gaussian * sigma;
}
