/** Counters in the memory of one WebAssembly instance, for as many tensors as one run of calibration watches. */
import type { ChannelLayout } from '../channel-layout.ts';
import { sumsOf } from './channel-sums.ts';
import type { Counters, Tally } from './counters.ts';
import {
  countingModule,
  extremesAt,
  mostChannels,
  slotBytes,
  slotsAt,
  sumsAt,
  tableBytes,
  windowValues,
} from './counting-module.ts';
import { firstNonFiniteKey, floatOf, inFloatOrder, KeyCounters, magnitudeKeys } from './key-counters.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  count(values: number, slot: number): void;
  sumRows(inner: number, rows: number, sums: number): void;
  sumColumns(channels: number, rows: number): void;
}

/** Slots are address space; only what values touch becomes memory. */
const mostSlots = 1024;
/** A u32 counter must not run over: before that its slot is emptied. */
const mostCounted = 2 ** 31;

let compiled: WebAssembly.Module | null | undefined;

/** Null where WebAssembly is forbidden (a content security policy) or lacks SIMD. */
function compileOnce(): WebAssembly.Module | null {
  if (compiled === undefined)
    try {
      compiled = new WebAssembly.Module(countingModule());
    } catch {
      compiled = null;
    }
  return compiled;
}

/** A maker of counters: the first 1,024 in WebAssembly where it is there, all others in JavaScript. */
export function countingArena(): () => Counters {
  const module = compileOnce();
  if (module === null) return () => new KeyCounters();
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  let slots = 0;
  return () => {
    if (slots === mostSlots) return new KeyCounters();
    try {
      exports.memory.grow(slotBytes / 65536);
    } catch {
      return new KeyCounters();
    }
    return new WasmCounters(exports, slotsAt + slotBytes * slots++);
  };
}

class WasmCounters implements Counters {
  /** What the slot has been emptied into, and what did not come through it. */
  readonly #settled = new KeyCounters();
  readonly #exports: Exports;
  readonly #slot: number;
  #inSlot = 0;

  constructor(exports: Exports, slot: number) {
    this.#exports = exports;
    this.#slot = slot;
  }

  get nan(): number {
    return this.#settled.nan;
  }

  get positiveInfinity(): number {
    return this.#settled.positiveInfinity;
  }

  get negativeInfinity(): number {
    return this.#settled.negativeInfinity;
  }

  tally(values: Float32Array, layout?: ChannelLayout): Tally {
    if (this.#inSlot + values.length > mostCounted) this.#settle();
    this.#inSlot += values.length;
    const { memory } = this.#exports;
    const extremes = new Int32Array(memory.buffer, extremesAt, 8);
    extremes.fill(0x7fffffff, 0, 4).fill(-0x80000000, 4);
    const inPlace = layout !== undefined && fits(layout);
    if (inPlace) new Float64Array(memory.buffer, sumsAt, layout.channels).fill(0);
    if (inPlace) this.#countAndSum(values, layout);
    else this.#count(values);
    const least = Math.min(...extremes.subarray(0, 4));
    const greatest = Math.max(...extremes.subarray(4));
    const finite = least > lowestFinite && greatest < firstInfinite;
    return {
      nonFinite: finite || values.length === 0 ? 0 : this.#countNonFinite(values),
      least: floatOf(inFloatOrder(least)),
      greatest: floatOf(inFloatOrder(greatest)),
      sums: inPlace
        ? new Float64Array(memory.buffer, sumsAt, layout.channels).slice()
        : layout && sumsOf(values, layout),
    };
  }

  #count(values: Float32Array): void {
    const window = new Float32Array(this.#exports.memory.buffer, 0, windowValues);
    for (let at = 0; at < values.length; at += windowValues) {
      const piece = values.subarray(at, at + windowValues);
      window.set(piece);
      this.#exports.count(piece.length, this.#slot);
    }
  }

  /** In pieces of whole rows, so that the values are counted and summed while they are near. */
  #countAndSum(values: Float32Array, { channels, inner }: ChannelLayout): void {
    const window = new Float32Array(this.#exports.memory.buffer, 0, windowValues);
    const row = inner === 1 ? channels : inner;
    const rows = Math.floor(windowValues / row);
    let channel = 0;
    for (let at = 0; at < values.length; ) {
      // A piece of channel rows ends with the last channel, from which the next goes on at the first.
      const most = inner === 1 ? rows : Math.min(rows, channels - channel);
      const piece = values.subarray(at, at + most * row);
      const count = piece.length / row;
      window.set(piece);
      this.#exports.count(piece.length, this.#slot);
      if (inner === 1) this.#exports.sumColumns(channels, count);
      else {
        this.#exports.sumRows(inner, count, sumsAt + 8 * channel);
        channel = (channel + count) % channels;
      }
      at += piece.length;
    }
  }

  /** The slot counted these too, under keys that nobody reads. */
  #countNonFinite(values: Float32Array): number {
    let [nan, positiveInfinity, negativeInfinity] = [0, 0, 0];
    for (const x of values)
      if (Number.isNaN(x)) nan++;
      else if (x === Number.POSITIVE_INFINITY) positiveInfinity++;
      else if (x === Number.NEGATIVE_INFINITY) negativeInfinity++;
    this.addNonFinite({ nan, positiveInfinity, negativeInfinity });
    return nan + positiveInfinity + negativeInfinity;
  }

  countOf(key: number): number {
    if (this.#inSlot === 0) return this.#settled.countOf(key);
    const [even, odd] = this.#tables();
    return this.#settled.countOf(key) + even[key]! + odd[key]!;
  }

  add(key: number, count: number): void {
    this.#settled.add(key, count);
  }

  addNonFinite(counts: { nan: number; positiveInfinity: number; negativeInfinity: number }): void {
    this.#settled.addNonFinite(counts);
  }

  keys(): number[] {
    this.#settle();
    return this.#settled.keys();
  }

  #tables(): readonly [Uint32Array, Uint32Array] {
    const { buffer } = this.#exports.memory;
    const entries = tableBytes / 4;
    return [
      new Uint32Array(buffer, this.#slot, entries),
      new Uint32Array(buffer, this.#slot + tableBytes, entries),
    ];
  }

  /** Moves the slot's counts to where they cannot run over. Untouched memory is read and not written: it stays unreal. */
  #settle(): void {
    if (this.#inSlot === 0) return;
    this.#inSlot = 0;
    for (const table of this.#tables())
      for (const half of [0, magnitudeKeys])
        for (let key = half; key < half + magnitudeKeys; key++) {
          const count = table[key]!;
          if (count === 0) continue;
          table[key] = 0;
          if (key < half + firstNonFiniteKey) this.#settled.add(key, count);
        }
  }
}

/** In float order. */
const firstInfinite = 0x7f800000;
const lowestFinite = inFloatOrder(0xff800000 | 0);

function fits({ channels, inner }: ChannelLayout): boolean {
  return channels <= mostChannels && (inner === 1 ? channels : inner) <= windowValues;
}
