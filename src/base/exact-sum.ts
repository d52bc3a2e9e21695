/**
 * Sums of doubles without rounding, so that a total depends neither on the order of the addition nor on how
 * the terms were split among machines. After J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic" (1997).
 */

/** Above this a running sum of 2^53 terms could overflow. */
const largestTerm = 2 ** 960;
/** Canonical form needs at most 40 parts (2098 bits of 53); longer expansions are brought back to it. */
const mostParts = 64;

/** An exact accumulator: parts that do not overlap, in increasing magnitude, whose exact sum is the total. */
export class ExactSum {
  #parts: number[] = [];
  /** Parts in use; the array is not shortened, so that adding allocates nothing. */
  #used = 0;

  /** From the parts of another sum, or from any terms. */
  static of(terms: Iterable<number>): ExactSum {
    const sum = new ExactSum();
    for (const term of terms) sum.add(term);
    return sum;
  }

  /** Throws RangeError for a term that is not finite or exceeds 2^960 in magnitude. */
  add(term: number): void {
    if (!(Math.abs(term) <= largestTerm)) throw new RangeError(`${term} cannot be summed exactly`);
    this.#used = grow(this.#parts, this.#used, term);
    if (this.#used <= mostParts) return;
    this.#parts = this.parts().reverse();
    this.#used = this.#parts.length;
  }

  merge(other: ExactSum): void {
    // The copy lets a sum be merged into itself.
    for (const part of other.#parts.slice(0, other.#used)) this.add(part);
  }

  /** The total, rounded once, half to even; +0 for none. */
  value(): number {
    return roundedTotal(this.#parts, this.#used);
  }

  /**
   * The canonical form, decreasing in magnitude: the rounded total, then the rounded rest, until nothing is left.
   * Equal totals have equal parts. Empty for zero.
   */
  parts(): number[] {
    const rest = this.#parts.slice(0, this.#used);
    let used = this.#used;
    const out: number[] = [];
    while (used > 0) {
      const rounded = roundedTotal(rest, used);
      out.push(rounded);
      used = grow(rest, used, -rounded);
    }
    return out;
  }

  equals(other: ExactSum): boolean {
    const mine = this.parts();
    const theirs = other.parts();
    return mine.length === theirs.length && mine.every((part, i) => part === theirs[i]);
  }
}

/** Adds a term to an expansion in place; returns the number of parts then. */
function grow(parts: number[], used: number, term: number): number {
  let carried = term;
  let kept = 0;
  for (let j = 0; j < used; j++) {
    const part = parts[j]!;
    const sum = carried + part;
    const fromPart = sum - carried;
    const error = carried - (sum - fromPart) + (part - fromPart);
    if (error !== 0) parts[kept++] = error;
    carried = sum;
  }
  if (carried !== 0) parts[kept++] = carried;
  return kept;
}

function roundedTotal(parts: readonly number[], used: number): number {
  let j = used - 1;
  if (j < 0) return 0;
  let high = parts[j--]!;
  let low = 0;
  while (j >= 0 && low === 0) {
    const before = high;
    const part = parts[j--]!;
    high = before + part;
    low = part - (high - before);
  }
  // The addition saw `low` alone; where that was a tie, what lies below decides on which side the total is.
  if (j >= 0 && low !== 0 && low < 0 === parts[j]! < 0) {
    const twice = low * 2;
    const neighbour = high + twice;
    if (neighbour - high === twice) return neighbour;
  }
  return high;
}
