// What cases of products have in common: seeded numbers, panels of them, and the results written out in plain numbers.

import { clamp, roundHalfEven } from '../../src/base/integer.ts';
import { lcg } from '../../src/base/random.ts';
import { packPanels } from '../../src/compile/kernels/panels.ts';
import type { Results } from '../../src/compile/kernels/product-results.ts';
import { isRoomy } from '../../src/compile/kernels/product-results.ts';

import type { CaseMemory } from './kernel-case.ts';

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = lcg(seed);
  }

  /** From `least` to `most`, both among them. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  bytes(count: number, kind: 'any' | 'extreme'): Uint8Array {
    return Uint8Array.from({ length: count }, () =>
      kind === 'any' ? this.between(0, 255) : this.between(0, 1) * 255,
    );
  }

  /** A float32 of so many significant digits, and often a power of two, for which many results are halves. */
  factor(about: number): number {
    const power = 2 ** -Math.round(Math.log2(1 / about));
    return Math.fround(this.between(0, 2) === 0 ? power : power * (0.5 + this.#next()));
  }
}

export interface Products {
  readonly channels: number;
  readonly places: number;
  readonly weights: Int8Array;
  readonly biases: Int32Array;
  readonly factors: Float32Array;
  readonly shifts: Float32Array | undefined;
  readonly results: Results;
  readonly zero: number;
}

export function someProducts(dice: Dice, channels: number, places: number, results: Results): Products {
  const extreme = dice.between(0, 3) === 0;
  const halves = results === 'halves';
  // Within 16 bits the largest sums are whole channels of one sign.
  const weights = Int8Array.from({ length: channels * places }, (_, i) =>
    extreme
      ? [127, -128][halves ? Math.floor(i / places) % 2 : dice.between(0, 1)]!
      : dice.between(-128, 127),
  );
  const wild = !isRoomy(results) && dice.between(0, 2) === 0;
  const about = wild ? 1e4 : 1 / (places * 30);
  const largest = 128 * 255 * places + 20000 + places;
  const zero = [0, 128, 255, dice.between(0, 255)][dice.between(0, 3)]!;
  return {
    channels,
    places,
    weights,
    biases: Int32Array.from({ length: channels }, () => dice.between(-20000 - places, 20000)),
    factors: Float32Array.from({ length: channels }, () =>
      halves && extreme ? (2 ** 15 - 257) / largest : dice.factor(about),
    ),
    shifts: isRoomy(results)
      ? undefined
      : Float32Array.from({ length: channels }, () => [-0, dice.between(-900, 900) / 7][dice.between(0, 1)]!),
    results,
    zero: halves ? zero - (zero % 2) : zero,
  };
}

export function placePanels(memory: CaseMemory, products: Products): number {
  const { weights, places, shifts, results, ...rest } = products;
  return memory.place(
    packPanels({
      ...rest,
      byTurns: results === 'halves',
      ...(shifts && { shifts }),
      places,
      weight: (channel, place) => weights[channel * places + place]!,
    }),
  );
}

/** As the baseline reads them (widen.ts): of eight channels with four weights each the first two of all, then the others. */
export function widened(weights: Int8Array): Int16Array {
  const wide = new Int16Array(weights.length);
  for (const [i, w] of weights.entries()) {
    const [block, channel, place] = [i >> 5, (i >> 2) & 7, i & 3];
    wide[block * 32 + (place >> 1) * 16 + channel * 2 + (place & 1)] = w;
  }
  return wide;
}

/** What channel `c` makes of the data, as bytes. */
export function resultOf(products: Products, c: number, data: ArrayLike<number>): Uint8Array {
  const { places, weights, biases, factors, shifts, results, zero } = products;
  let sum = biases[c]!;
  for (let k = 0; k < places; k++) sum += weights[c * places + k]! * data[k]!;
  let steps = Math.fround(Math.fround(sum) * factors[c]!);
  if (shifts !== undefined) steps = Math.fround(steps + shifts[c]!);
  return results === 'floats'
    ? new Uint8Array(Float32Array.of(steps).buffer)
    : Uint8Array.of(clamp(roundHalfEven(steps) + zero, 0, 255));
}
