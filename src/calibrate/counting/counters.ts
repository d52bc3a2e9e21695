/** Who counts the values of one tensor: plain JavaScript, or WebAssembly where a run is worth its memory. Both count the same. */
import type { ChannelLayout } from '../channel-layout.ts';

export interface Tally {
  /** Values that are NaN or infinite. */
  readonly nonFinite: number;
  /** Of all values, in the order of floats; of use only where `nonFinite` is 0 and there is a value. */
  readonly least: number;
  readonly greatest: number;
  /** One a channel (`sumsOf`), where a layout was given; of use only where `nonFinite` is 0. */
  readonly sums: Float64Array | undefined;
}

export interface Counters {
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Counts every value, and sums channels on the way. */
  tally(values: Float32Array, layout?: ChannelLayout): Tally;
  /** Of a finite key. */
  countOf(key: number): number;
  /** Adds to the counter of a finite key. */
  add(key: number, count: number): void;
  addNonFinite(counts: { nan: number; positiveInfinity: number; negativeInfinity: number }): void;
  /** Keys with a count, in increasing order. */
  keys(): number[];
}
