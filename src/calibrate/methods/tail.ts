/** Where the bulk of a tensor ends: the guard against outliers that the searches share. */
import type { Bins } from '../bins.ts';
import { quantile, sideOf } from '../bins.ts';

/** The quantile of magnitudes; of those that are not zero, where zeros alone make up that fraction. */
export function tailQuantile(magnitudes: Bins, fraction: number): number {
  const found = quantile(magnitudes, fraction);
  return found > 0 ? found : quantile(sideOf(magnitudes, 1), fraction);
}

/**
 * min(amax, 2 * p99.99): beyond it a search on a grid relative to the maximum would lose the bulk to a few outliers.
 * The bins must hold a magnitude above zero.
 */
export function guardedCap(magnitudes: Bins): number {
  const amax = magnitudes.upper[magnitudes.length - 1]!;
  return Math.min(amax, 2 * tailQuantile(magnitudes, 0.9999));
}
