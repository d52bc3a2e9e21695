/** The divergence as NVIDIA published it: levels of equal width, each shared evenly over its bins that hold something. */
import { ln } from '../../base/log.ts';
import type { Divergence } from './kl-search.ts';

/**
 * KL(P || Q) in nats of the leading bins [0, to): P is those bins, the rest of the mass added to the last; Q is the bins
 * without that rest, folded into levels (bin b to level floor(b * levels / to)), each level's mass shared evenly over its
 * non-empty bins. Infinity where P has mass and Q has none.
 */
export function foldedDivergence(histogram: ArrayLike<number>, levels: number): Divergence {
  const length = histogram.length;
  // Sums over the leading bins: of the mass, of mass * ln(mass), and the number of bins that are not empty.
  const mass = new Float64Array(length + 1);
  const entropy = new Float64Array(length + 1);
  const filled = new Float64Array(length + 1);
  for (let b = 0; b < length; b++) {
    const h = histogram[b]!;
    mass[b + 1] = mass[b]! + h;
    entropy[b + 1] = entropy[b]! + xLnX(h);
    filled[b + 1] = filled[b]! + (h > 0 ? 1 : 0);
  }
  const total = mass[length]!;
  return (_, bins) => {
    const kept = mass[bins]!;
    const outliers = total - kept;
    const last = histogram[bins - 1]!;
    if (kept === 0 || (outliers > 0 && last === 0)) return Number.POSITIVE_INFINITY;
    const pLnP = entropy[bins]! - xLnX(last) + xLnX(last + outliers);
    let pLnQ = 0;
    let lnLast = 0;
    for (let level = 0, from = 0; level < levels; level++) {
      const to = Math.ceil(((level + 1) * bins) / levels);
      const levelMass = mass[to]! - mass[from]!;
      if (levelMass > 0) {
        lnLast = ln(levelMass / (filled[to]! - filled[from]!));
        pLnQ += levelMass * lnLast;
      }
      from = to;
    }
    // The last level that is not empty is the last bin's, where there are outliers.
    pLnQ += outliers * lnLast;
    return (pLnP - pLnQ) / total - ln(total) + ln(kept);
  };
}

export function xLnX(x: number): number {
  return x > 0 ? x * ln(x) : 0;
}
