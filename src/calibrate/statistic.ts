/**
 * What calibration keeps of a tensor: exact counts by the top bits of the float itself, bounded however much data
 * flows by, and the same whatever the order, the batches or the shards. Every range method is a function of it.
 */
import { CalibrationError, invalidArgument } from '../base/errors.ts';
import { ExactSum } from '../base/exact-sum.ts';
import { clamp } from '../base/integer.ts';
import type { Bins } from './bins.ts';
import { foldedBins, signedBins } from './bins.ts';
import type { ChannelLayout } from './channel-layout.ts';
import { checkLayout } from './channel-layout.ts';
import { sumsOf } from './counting/channel-sums.ts';
import type { Counters } from './counting/counters.ts';
import { KeyCounters, magnitudeKeyOf, magnitudeKeys } from './counting/key-counters.ts';
import type { SampleExtremes } from './statistic-extremes.ts';
import { ExtremesBySample } from './statistic-extremes.ts';
import type { StatisticJson } from './statistic-json.ts';
import { decodeStatistic, encodeStatistic } from './statistic-json.ts';

/** Least and greatest finite value; Infinity and -Infinity where there is none. */
export interface Extremes {
  readonly min: number;
  readonly max: number;
}

/** Everything a statistic holds, as plain numbers. */
export interface StatisticState extends Extremes {
  readonly samples: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Keys with a count, increasing: float32bits >>> 15 of finite values. */
  readonly keys: readonly number[];
  readonly counts: readonly number[];
  readonly bySample: SampleExtremes;
  readonly channels?: ChannelSums;
}

/** One entry a channel. */
export interface ChannelSums {
  readonly sums: readonly ExactSum[];
  /** NaN and infinities that the sum leaves out. */
  readonly leftOut: readonly number[];
}

/**
 * The two keys of zero hold +0, -0 and the magnitudes below 2^-134, which are one to every method. Counts are exact
 * below 2^53; beside them min, max and the numbers of NaN and infinities are exact as well.
 */
export class TensorStatistic {
  readonly #counters: Counters;
  readonly #bySample = new ExtremesBySample();
  #samples = 0;
  #finite = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #channels: { readonly sums: ExactSum[]; readonly leftOut: number[] } | undefined;
  #bins: Bins | undefined;
  #magnitudes: Bins | undefined;

  /** Counters of one's own make count the same; see counting/. */
  constructor(counters: Counters = new KeyCounters()) {
    this.#counters = counters;
  }

  /** Samples added. */
  get samples(): number {
    return this.#samples;
  }

  /** Elements seen, with NaN and the infinities. */
  get count(): number {
    return this.#finite + this.nan + this.positiveInfinity + this.negativeInfinity;
  }

  /** Elements the bins hold. */
  get finite(): number {
    return this.#finite;
  }

  get nan(): number {
    return this.#counters.nan;
  }

  get positiveInfinity(): number {
    return this.#counters.positiveInfinity;
  }

  get negativeInfinity(): number {
    return this.#counters.negativeInfinity;
  }

  /** The least finite value, exact, zero as +0; Infinity for none. */
  get min(): number {
    return this.#min;
  }

  /** The greatest finite value, exact, zero as +0; -Infinity for none. */
  get max(): number {
    return this.#max;
  }

  /** Zeros of either sign, and magnitudes below 2^-134. */
  get zeros(): number {
    return this.#counters.countOf(0) + this.#counters.countOf(magnitudeKeys);
  }

  /** Channels summed; undefined when samples came without a layout, or none came. */
  get channels(): number | undefined {
    return this.#channels?.sums.length;
  }

  /** Least and greatest finite value of each sample, by increasing index; samples without a finite value are missing. */
  get bySample(): SampleExtremes {
    return this.#bySample.read();
  }

  /**
   * Counts one sample's values; with a layout also sums each channel: as plain doubles within the sample (`sumsOf`),
   * exactly across samples. NaN and the infinities are counted apart and left out of everything else.
   * `index` is the sample's place in the whole data set, of which this may be a shard; default: one after another.
   * Throws INVALID_ARGUMENT when the layout does not fit the values or the index is no whole number, and CalibrationError
   * when samples differ in the number of channels or in having a layout.
   */
  addSample(values: Float32Array, layout?: ChannelLayout, index: number = this.#samples): void {
    if (!Number.isSafeInteger(index) || index < 0)
      throw invalidArgument(
        'calibration sample',
        `its index ${index} is not a whole number`,
        "Give its position in the data set, as 'Sample.index' does",
      );
    if (layout !== undefined) checkLayout(layout, values.length, 'calibration sample');
    this.#expectChannels(layout?.channels);
    const { nonFinite, least, greatest, sums } = this.#counters.tally(values, layout);
    if (layout !== undefined)
      this.#sum(nonFinite > 0 ? sumsOf(this.#finiteOnly(values, layout), layout) : sums!);
    const simple = nonFinite === 0 && values.length > 0;
    const extremes = simple ? { min: least, max: greatest } : finiteExtremes(values);
    if (extremes.min <= extremes.max) this.#bySample.add(index, extremes.min, extremes.max);
    this.#count(extremes, values.length - nonFinite, 1);
  }

  /**
   * Adds all that `other` has seen: samples of other indices, as shards of one data set are. Throws CalibrationError when
   * the two differ in their channels.
   */
  merge(other: TensorStatistic): void {
    if (other.samples > 0) this.#add(other.state());
  }

  /**
   * All that several tensors have seen together, for those that share a range; without channel sums. What they saw of one
   * sample counts as one in `bySample`.
   */
  static union(parts: readonly TensorStatistic[]): TensorStatistic {
    const union = new TensorStatistic();
    for (const part of parts) {
      const { channels: _, ...rest } = part.state();
      union.#add(rest);
    }
    return union;
  }

  /** What would have been seen of the values cut to [lo, hi], lo <= 0 <= hi, to the resolution of a key; without channel sums. */
  clamped(lo: number, hi: number): TensorStatistic {
    const { channels: _, keys, counts, ...rest } = this.state();
    const [below, above] = [magnitudeKeyOf(-lo), magnitudeKeyOf(hi)];
    const at = new Map<number, number>();
    for (const [i, key] of keys.entries()) {
      const isNegative = key >= magnitudeKeys;
      const magnitude = Math.min(key % magnitudeKeys, isNegative ? below : above);
      const to = magnitude + (isNegative ? magnitudeKeys : 0);
      at.set(to, (at.get(to) ?? 0) + counts[i]!);
    }
    const sorted = [...at].sort((a, b) => a[0] - b[0]);
    const clamped = new TensorStatistic();
    const cut = (x: number): number => clamp(x, Math.fround(lo), Math.fround(hi));
    clamped.#add({
      ...rest,
      min: cut(rest.min),
      max: cut(rest.max),
      bySample: { ...rest.bySample, min: rest.bySample.min.map(cut), max: rest.bySample.max.map(cut) },
      keys: sorted.map(([key]) => key),
      counts: sorted.map(([, count]) => count),
    });
    return clamped;
  }

  equals(other: TensorStatistic): boolean {
    return JSON.stringify(this) === JSON.stringify(other);
  }

  /** Mean of each channel's finite values; NaN for a channel without any. Throws CalibrationError where none were summed. */
  channelMeans(): Float64Array {
    const channels = this.#channels;
    if (channels === undefined)
      throw new CalibrationError({
        where: 'calibration statistic',
        what: 'no channel sums were kept',
        remedy: 'Calibrate with a channel axis for this value',
      });
    const elements = this.count / channels.sums.length;
    return Float64Array.from(channels.sums, (sum, c) => sum.value() / (elements - channels.leftOut[c]!));
  }

  /** Finite values in increasing order. */
  bins(): Bins {
    this.#bins ??= signedBins(this.#counted());
    return this.#bins;
  }

  /** Magnitudes of the finite values in increasing order: both signs counted together. */
  magnitudes(): Bins {
    this.#magnitudes ??= foldedBins(this.#counted());
    return this.#magnitudes;
  }

  /** All that is held, as it is now. */
  state(): StatisticState {
    const { nan, positiveInfinity, negativeInfinity } = this.#counters;
    return {
      samples: this.#samples,
      nan,
      positiveInfinity,
      negativeInfinity,
      ...this.#counted(),
      bySample: this.#bySample.read(),
      ...(this.#channels && {
        channels: {
          sums: this.#channels.sums.map((sum) => ExactSum.of(sum.parts())),
          leftOut: [...this.#channels.leftOut],
        },
      }),
    };
  }

  /** Canonical: equal statistics give the same JSON text. */
  toJSON(): StatisticJson {
    return encodeStatistic(this.state());
  }

  /** Reads what `toJSON` gave. It may come from anywhere: throws OctavoError FORMAT, naming `where`, for anything else. */
  static fromJSON(json: unknown, where: string): TensorStatistic {
    const statistic = new TensorStatistic();
    statistic.#add(decodeStatistic(json, where));
    return statistic;
  }

  #counted(): Extremes & Pick<StatisticState, 'keys' | 'counts'> {
    const keys = this.#counters.keys();
    return { min: this.#min, max: this.#max, keys, counts: keys.map((key) => this.#counters.countOf(key)) };
  }

  #add(state: StatisticState): void {
    this.#expectChannels(state.channels?.sums.length);
    const counters = this.#counters;
    counters.addNonFinite(state);
    let finite = 0;
    for (const [i, key] of state.keys.entries()) {
      counters.add(key, state.counts[i]!);
      finite += state.counts[i]!;
    }
    for (const [c, sum] of (state.channels?.sums ?? []).entries()) {
      this.#channels!.sums[c]!.merge(sum);
      this.#channels!.leftOut[c]! += state.channels!.leftOut[c]!;
    }
    this.#bySample.addAll(state.bySample);
    this.#count(state, finite, state.samples);
  }

  #count({ min, max }: Extremes, finite: number, samples: number): void {
    // Adding +0 turns -0 into +0: which of the two came first must not show.
    this.#min = Math.min(this.#min, min + 0);
    this.#max = Math.max(this.#max, max + 0);
    this.#finite += finite;
    this.#samples += samples;
    this.#bins = undefined;
    this.#magnitudes = undefined;
  }

  #sum(sums: Float64Array): void {
    for (let c = 0; c < sums.length; c++) this.#channels!.sums[c]!.add(sums[c]!);
  }

  /** A copy with 0 for what is not finite, which is noted as left out of its channel's sum. */
  #finiteOnly(values: Float32Array, layout: ChannelLayout): Float32Array {
    return values.map((x, i) => {
      if (Number.isFinite(x)) return x;
      this.#channels!.leftOut[Math.floor(i / layout.inner) % layout.channels]!++;
      return 0;
    });
  }

  #expectChannels(channels: number | undefined): void {
    if (this.#samples === 0) this.#channels = channels === undefined ? undefined : emptyChannels(channels);
    else if (this.channels !== channels)
      throw new CalibrationError({
        where: 'calibration statistic',
        what: `samples of ${channels ?? 'no'} channels meet samples of ${this.channels ?? 'none'}`,
        remedy: 'Use the same channel axis, of fixed size, for every sample and shard',
      });
  }
}

function emptyChannels(channels: number): { sums: ExactSum[]; leftOut: number[] } {
  return {
    sums: Array.from({ length: channels }, () => new ExactSum()),
    leftOut: new Array<number>(channels).fill(0),
  };
}

function finiteExtremes(values: Float32Array): Extremes {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const x of values) {
    if (!Number.isFinite(x)) continue;
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return { min, max };
}

/** What several have counted, together, by the name of the value; each has the values that the first one has. */
export function mergeStatistics(
  parts: readonly ReadonlyMap<string, TensorStatistic>[],
): ReadonlyMap<string, TensorStatistic> {
  return new Map(
    [...parts[0]!.keys()].map((value) => {
      const sum = new TensorStatistic();
      for (const part of parts) sum.merge(part.get(value)!);
      return [value, sum] as const;
    }),
  );
}
