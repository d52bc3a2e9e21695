/** The mean over samples of each sample's least and greatest value: NNCF's default for activations. */
import type { SampleExtremes } from '../statistic-extremes.ts';
import { calibrationMethod } from './method.ts';

export const meanMinmax = calibrationMethod({
  id: 'mean-minmax',
  why: 'clips what only few samples reach; for inputs that differ much in brightness or loudness',
  threshold: ({ bySample }) => mean(bySample, (min, max) => Math.max(-min, max)),
  interval: ({ bySample }) => ({ lo: mean(bySample, (min) => min), hi: mean(bySample, (_, max) => max) }),
});

/** In the order of the indices: the sum is the same for every order in which samples came. */
function mean({ length, min, max }: SampleExtremes, of: (min: number, max: number) => number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += of(min[i]!, max[i]!);
  return sum / length;
}
