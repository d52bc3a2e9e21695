/**
 * What becomes of the sums of a panel: eight channels of a pixel are scaled, rounded and stored. `padded` writes eight codes, as
 * the layouts of images and rows have room for, and `halves` the same with less work: of steps within 16 bits, with an even zero point,
 * from panels by turns. `codes` and `floats` write the channels there are, wherever they lie, and add a shift (a bias in real numbers).
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import type { Rounding } from './rounding.ts';
import {
  clamped,
  codesOf,
  loadRounding,
  magicWith,
  narrowed,
  rounded,
  roundedByTurns,
  scaled,
  storeHalf,
} from './rounding.ts';

/** Of the eight channels of a pixel. */
export type PixelSums = readonly [Local<'v128'>, Local<'v128'>];

interface Pixel {
  readonly sums: PixelSums;
  readonly target: Expression<'i32'>;
}

export type Results = 'padded' | 'halves' | 'codes' | 'floats';

/** Whether all eight channels of a panel are written, next to each other and without shifts. */
export function isRoomy(results: Results): boolean {
  return results === 'padded' || results === 'halves';
}

const { v128: V, i32: I, f32x4: F } = ops;

/** Bytes behind the weights of a panel: factors, and shifts. */
export function tailBytes(results: Results): number {
  return isRoomy(results) ? 32 : 64;
}

export interface ResultParams {
  /** Of the stored codes. */
  readonly zero: Local<'i32'>;
  /** Output channels from this panel on. */
  readonly channelsLeft: Local<'i32'>;
  /** Bytes from one channel to the next, where they are not next to each other. */
  readonly channelStep: Local<'i32'>;
}

export class ProductResults {
  readonly #f: FunctionBody;
  readonly #rounding: Rounding;
  readonly #factors: readonly Local<'v128'>[];
  readonly #shifts: readonly Local<'v128'>[];
  readonly #results: Results;
  readonly #wide: readonly Local<'v128'>[];
  readonly #codes: Local<'v128'>;

  constructor(f: FunctionBody, results: Results) {
    this.#f = f;
    this.#results = results;
    this.#rounding = { magic: f.local('v128'), lift: f.local('v128') };
    this.#factors = f.locals('v128', 2);
    this.#shifts = isRoomy(results) ? [] : f.locals('v128', 2);
    this.#wide = f.locals('v128', 2);
    this.#codes = f.local('v128');
  }

  /** `tail` points behind the weights of the panel; sums and targets are those of each pixel. */
  store(tail: Expression<'i32'>, pixels: readonly Pixel[], params: ResultParams): void {
    const f = this.#f;
    for (const [i, factors] of this.#factors.entries()) f.set(factors, V.load(tail, 16 * i));
    for (const [i, shifts] of this.#shifts.entries()) f.set(shifts, V.load(tail, 32 + 16 * i));
    if (this.#results === 'halves') f.set(this.#rounding.magic, magicWith(params.zero));
    else if (this.#results !== 'floats') loadRounding(f, params.zero, this.#rounding);
    if (isRoomy(this.#results)) this.#storeEights(pixels);
    else
      for (const { sums, target } of pixels)
        if (this.#results === 'codes') this.#storeCodes(sums, target, params);
        else this.#storeFloats(sums, target, params);
  }

  #steps(sums: PixelSums, i: 0 | 1): Expression<'v128'> {
    const steps = scaled(sums[i], this.#factors[i]!);
    return isRoomy(this.#results) ? steps : F.add(steps, this.#shifts[i]!);
  }

  #storeEights(pixels: readonly Pixel[]): void {
    const f = this.#f;
    const eight = (sums: PixelSums): Expression<'v128'> => {
      const [first, second] = [this.#steps(sums, 0), this.#steps(sums, 1)];
      return this.#results === 'halves'
        ? roundedByTurns(first, second, this.#rounding.magic)
        : narrowed(rounded(first, this.#rounding), rounded(second, this.#rounding));
    };
    // One by one: storing an upper half takes as long as narrowing once more.
    for (const { sums, target } of pixels) {
      f.set(this.#wide[0]!, eight(sums));
      f.set(this.#codes, codesOf(this.#wide[0]!, this.#wide[0]!));
      storeHalf(f, target, this.#codes, 0);
    }
  }

  #storeCodes(sums: PixelSums, target: Expression<'i32'>, params: ResultParams): void {
    const f = this.#f;
    const half = (i: 0 | 1): Expression<'v128'> => rounded(clamped(this.#steps(sums, i)), this.#rounding);
    f.set(this.#wide[0]!, narrowed(half(0), half(1)));
    f.set(this.#codes, codesOf(this.#wide[0]!, this.#wide[0]!));
    this.#eachChannel(target, params, (at, lane) => V.store8_lane(at, this.#codes, lane));
  }

  #storeFloats(sums: PixelSums, target: Expression<'i32'>, params: ResultParams): void {
    for (const i of [0, 1] as const) this.#f.set(this.#wide[i]!, this.#steps(sums, i));
    this.#eachChannel(target, params, (at, lane) => V.store32_lane(at, this.#wide[lane >> 2]!, lane & 3));
  }

  /** The channels that are there: the last panel may have fewer than eight. */
  #eachChannel(
    target: Expression<'i32'>,
    { channelsLeft, channelStep }: ResultParams,
    store: (at: Local<'i32'>, lane: number) => Expression<'none'>,
  ): void {
    const f = this.#f;
    const at = f.let(target);
    f.block((done) => {
      for (let lane = 0; lane < 8; lane++) {
        f.do(store(at, lane));
        if (lane === 7) break;
        f.branchIf(done, I.le_s(channelsLeft, i32(lane + 1)));
        f.set(at, I.add(at, channelStep));
      }
    });
  }
}
