/** Columns of eight channels for two rows of a depthwise 3 x 3 convolution: loaded row by row, interleaved byte by byte. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { ops, select } from '../../wasm/index.ts';
import { bytesOfLow, pairsOfHigh, pairsOfLow } from './interleave.ts';
import type { Variant } from './kernel.ts';
import type { Quads } from './quad-products.ts';

const { i32: I, v128: V, i8x16: B, i16x8: H } = ops;

/**
 * The relaxed variant: four channels and the four behind, four bytes of each from above to below; with stride 2 that for the upper
 * row, then for the lower one. The baseline: rows in pairs, eight channels, two bytes of each.
 */
export type Column = readonly Local<'v128'>[];

interface Strides {
  readonly sourcePixel: Local<'i32'>;
  readonly sourceRow: Local<'i32'>;
  readonly targetRow: Local<'i32'>;
}

export class RowPair {
  /** To be set before `begin`: the first tap's channels, the upper row's result, the weights of the channels, and where taps are read. */
  readonly source: Local<'i32'>;
  readonly target: Local<'i32'>;
  readonly weights: Local<'i32'>;
  readonly taps: Local<'i32'>;
  /** The lower row's result. */
  readonly lower: Local<'i32'>;
  readonly #f: FunctionBody;
  readonly #strides: Strides;
  readonly #stride: 1 | 2;
  readonly #relaxed: boolean;
  readonly #pointers: readonly Local<'i32'>[];
  readonly #loaded: readonly Local<'v128'>[];
  readonly #pairs: readonly Local<'v128'>[];

  constructor(f: FunctionBody, variant: Variant, strides: Strides, stride: 1 | 2) {
    this.#f = f;
    this.#strides = strides;
    this.#stride = stride;
    this.#relaxed = variant === 'relaxed';
    this.source = f.local('i32');
    this.target = f.local('i32');
    this.weights = f.local('i32');
    this.taps = f.local('i32');
    this.lower = f.local('i32');
    this.#pointers = f.locals('i32', 3 + stride);
    this.#loaded = f.locals('v128', 3 + stride);
    this.#pairs = f.locals('v128', 1 + stride);
  }

  /** `single`: there is no lower row. Its result then has the upper one's place; rows that only it reads may not be in memory. */
  begin(single: Expression<'i32'>): void {
    const f = this.#f;
    const alone = f.let(single);
    for (const [r, pointer] of this.#pointers.entries())
      f.set(pointer, r === 0 ? this.source : I.add(this.#pointers[r - 1]!, this.#strides.sourceRow));
    for (const pointer of this.#pointers.slice(3)) f.set(pointer, select(this.#pointers[2]!, pointer, alone));
    f.set(this.lower, select(this.target, I.add(this.target, this.#strides.targetRow), alone));
  }

  column(): Column {
    return this.#f.locals('v128', this.#relaxed ? 2 * this.#stride : 1 + this.#stride);
  }

  /** The next column. The upper row has the first three of its rows, the lower one those from `stride` on. */
  loadColumn(into: Column): void {
    const f = this.#f;
    for (const [r, pointer] of this.#pointers.entries()) {
      f.set(this.#loaded[r]!, V.load64_zero(pointer));
      f.set(pointer, I.add(pointer, this.#strides.sourcePixel));
    }
    const pairs = this.#relaxed ? this.#pairs : into;
    for (const [i, pair] of pairs.entries())
      f.set(
        pair,
        B.shuffle(this.#loaded[2 * i]!, this.#loaded[2 * i + 1] ?? this.#loaded[2 * i]!, bytesOfLow),
      );
    if (!this.#relaxed) return;
    for (let row = 0; row < this.#stride; row++) {
      f.set(into[2 * row]!, B.shuffle(pairs[row]!, pairs[row + 1]!, pairsOfLow));
      f.set(into[2 * row + 1]!, B.shuffle(pairs[row]!, pairs[row + 1]!, pairsOfHigh));
    }
  }

  copyColumn(into: Column, from: Column): void {
    for (const [i, local] of into.entries()) this.#f.set(local, from[i]!);
  }

  /** What a row multiplies: with stride 1 the same for both. */
  spread(into: Quads, column: Column, row: 0 | 1, half: 0 | 1): void {
    const first = this.#stride === 1 ? 0 : row;
    const extend = half === 0 ? H.extend_low_i8x16_u : H.extend_high_i8x16_u;
    for (const [part, local] of into.parts.entries())
      this.#f.set(local, this.#relaxed ? column[2 * first + half]! : extend(column[first + part]!));
  }
}
