/** Plain measures of how far two results are apart. They inform people; no byte of a model depends on them. */

/** Sums from which the signal-to-noise ratio comes; they add up over samples. */
export class Noise {
  #signal = 0;
  #noise = 0;
  #product = 0;
  #other = 0;
  #count = 0;
  #maxAbs = 0;

  /** Element by element; both must have the same length. Non-finite elements of the reference are left out. */
  add(reference: ArrayLike<number>, other: ArrayLike<number>): void {
    if (reference.length !== other.length)
      throw new RangeError(`cannot compare ${reference.length} elements with ${other.length}`);
    for (let i = 0; i < reference.length; i++) {
      const r = reference[i]!;
      if (!Number.isFinite(r)) continue;
      const error = other[i]! - r;
      this.#signal += r * r;
      this.#noise += error * error;
      this.#product += r * other[i]!;
      this.#other += other[i]! * other[i]!;
      if (Math.abs(error) > this.#maxAbs) this.#maxAbs = Math.abs(error);
    }
    this.#count += reference.length;
  }

  /** 10 log10(sum r^2 / sum (x - r)^2); +Infinity when equal, -Infinity when only the reference is silent. */
  get sqnrDb(): number {
    if (this.#noise === 0) return Number.POSITIVE_INFINITY;
    return 10 * Math.log10(this.#signal / this.#noise);
  }

  get maxAbsError(): number {
    return this.#maxAbs;
  }

  /** Of the angle between the two, from -1 to 1; 1 when both are silent, 0 when one is. */
  get cosine(): number {
    if (this.#signal === 0 && this.#other === 0) return 1;
    if (this.#signal === 0 || this.#other === 0) return 0;
    return this.#product / Math.sqrt(this.#signal * this.#other);
  }

  get rmsError(): number {
    return this.#count === 0 ? 0 : Math.sqrt(this.#noise / this.#count);
  }
}

/** Index of the largest element, the first one of equals; -1 when there is none. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i]! > values[best]!) best = i;
  return best;
}

/**
 * Exact two-sided McNemar test: the chance of a split at least as uneven as b : c of b + c discordant samples if each were a
 * fair coin. 1 when there is none.
 */
export function mcnemar(b: number, c: number): number {
  const n = b + c;
  if (n === 0) return 1;
  let term = 0.5 ** n;
  // 0.5^n underflows above 1,000 discordant samples; the normal approximation is exact enough long before.
  if (term === 0 || n > 1000) return 2 * normalTail((Math.abs(b - c) - 1) / Math.sqrt(n));
  let tail = 0;
  for (let i = 0; i <= Math.min(b, c); i++) {
    tail += term;
    term *= (n - i) / (i + 1);
  }
  return Math.min(1, 2 * tail);
}

/** P(Z > z) for z >= 0, Abramowitz and Stegun 26.2.17 (absolute error below 7.5e-8). */
function normalTail(z: number): number {
  if (z <= 0) return 0.5;
  const t = 1 / (1 + 0.2316419 * z);
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
