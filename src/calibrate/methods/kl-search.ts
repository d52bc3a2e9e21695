/** The threshold search of NVIDIA's talk S7310 (2017), "8-bit inference with TensorRT", on a linear histogram. */
import { ln } from '../../base/log.ts';

export interface KlResult {
  /** Leading bins kept: the threshold is (bins + 0.5) bin widths. */
  readonly bins: number;
  /** The divergence reached, in nats. */
  readonly divergence: number;
}

/**
 * The number of leading bins, from `levels` to all of them, whose fold into `levels` diverges least from the whole;
 * of equals the largest, so that a tensor of few distinct values keeps them all. An empty histogram keeps all bins.
 */
export function klSearch(histogram: ArrayLike<number>, levels = 128): KlResult {
  const divergenceOf = foldedDivergence(histogram, levels);
  let best = { bins: histogram.length, divergence: Number.POSITIVE_INFINITY };
  for (let bins = histogram.length; bins >= Math.min(levels, histogram.length); bins--) {
    const divergence = divergenceOf(bins);
    if (divergence < best.divergence) best = { bins, divergence };
  }
  return best;
}

/**
 * KL(P || Q) in nats for a number of leading bins: P is those bins, the rest of the mass added to the last; Q is the
 * bins without that rest, folded into levels (bin b to level floor(b * levels / bins)), each level's mass shared
 * evenly over its non-empty bins. Infinity where P has mass and Q has none.
 */
export function foldedDivergence(histogram: ArrayLike<number>, levels: number): (bins: number) => number {
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
  return (bins) => {
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

function xLnX(x: number): number {
  return x > 0 ? x * ln(x) : 0;
}
