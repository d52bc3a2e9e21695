/** The divergence as ncnn has it: levels may end inside a bin, and a share is added to every bin of P and Q. */
import { ln } from '../../base/log.ts';
import type { Divergence } from './kl-search.ts';

/** Added to every bin once the histogram sums to 1, so that afterwards neither P nor Q does. */
const share = 1e-4;

/**
 * Sum of P ln(P / Q) in nats over the leading bins [0, to): P is those bins, the rest added to the last; Q is the bins
 * without the rest, averaged over levels `to / levels` bins wide, a bin on the border getting of either level what it has
 * in it. Empty bins get as much as others. Infinity where nothing is kept.
 */
export function overlappedDivergence(histogram: ArrayLike<number>, levels: number): Divergence {
  const length = histogram.length;
  let total = 0;
  for (let b = 0; b < length; b++) total += histogram[b]!;
  // Sums over the leading bins: of the normalised mass, and of P ln P where nothing was added at the end.
  const mass = new Float64Array(length + 1);
  const entropy = new Float64Array(length + 1);
  for (let b = 0; b < length; b++) {
    const p = histogram[b]! / total;
    mass[b + 1] = mass[b]! + p;
    entropy[b + 1] = entropy[b]! + (p + share) * ln(p + share);
  }
  /** Mass below a place that may lie inside a bin. */
  const below = (place: number): number => {
    const whole = Math.floor(place);
    return place === whole ? mass[whole]! : mass[whole]! + ((place - whole) * histogram[whole]!) / total;
  };
  return (_, bins) => {
    if (mass[bins] === 0) return Number.POSITIVE_INFINITY;
    const outliers = mass[length]! - mass[bins]!;
    const last = histogram[bins - 1]! / total + share;
    const pLnP = entropy[bins - 1]! + (last + outliers) * ln(last + outliers);
    const width = bins / levels;
    let pLnQ = 0;
    let previous = 0;
    for (let level = 0; level < levels; level++) {
      const [start, end] = [level * width, (level + 1) * width];
      const density = (below(end) - below(start)) / width;
      const first = Math.ceil(start);
      if (first > start) {
        const shared = (first - start) * density + (1 - (first - start)) * previous;
        pLnQ += (histogram[first - 1]! / total + share) * ln(shared + share);
      }
      const to = Math.floor(end);
      const inside = mass[to]! - mass[first]! + share * (to - first);
      pLnQ += (level === levels - 1 ? inside + outliers : inside) * ln(density + share);
      previous = density;
    }
    return pLnP - pLnQ;
  };
}
