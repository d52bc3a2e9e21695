/** Columns of eight channels for two rows of a depthwise 3 x 3 convolution: loaded row by row, interleaved byte by byte. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { ops, select } from '../../wasm/index.ts';
import { bytesOfLow, pairsOfHigh, pairsOfLow } from './interleave.ts';

const { i32: I, v128: V, i8x16: B } = ops;

/** Four channels, and the four behind: four bytes of each, from above to below. */
export type Halves = readonly [Local<'v128'>, Local<'v128'>];

interface Strides {
  readonly sourcePixel: Local<'i32'>;
  readonly sourceRow: Local<'i32'>;
  readonly targetRow: Local<'i32'>;
}

export class RowPair {
  /** To be set before `begin`: the first tap's channels, the upper row's result, the weights of the channels. */
  readonly source: Local<'i32'>;
  readonly target: Local<'i32'>;
  readonly weights: Local<'i32'>;
  /** The lower row's result. */
  readonly lower: Local<'i32'>;
  readonly #f: FunctionBody;
  readonly #strides: Strides;
  readonly #pointers: readonly Local<'i32'>[];
  readonly #loaded: readonly Local<'v128'>[];
  readonly #pairs: readonly Local<'v128'>[];

  constructor(f: FunctionBody, strides: Strides, stride: 1 | 2) {
    this.#f = f;
    this.#strides = strides;
    this.source = f.local('i32');
    this.target = f.local('i32');
    this.weights = f.local('i32');
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

  /** The next column: its four rows from above, or with stride 2 the first three (and one) and the last three (and none). */
  loadColumn(into: Halves, below?: Halves): void {
    const f = this.#f;
    for (const [r, pointer] of this.#pointers.entries()) {
      f.set(this.#loaded[r]!, V.load64_zero(pointer));
      f.set(pointer, I.add(pointer, this.#strides.sourcePixel));
    }
    for (const [i, pair] of this.#pairs.entries())
      f.set(
        pair,
        B.shuffle(this.#loaded[2 * i]!, this.#loaded[2 * i + 1] ?? this.#loaded[2 * i]!, bytesOfLow),
      );
    for (const [i, halves] of [into, below].entries()) {
      if (halves === undefined) continue;
      f.set(halves[0], B.shuffle(this.#pairs[i]!, this.#pairs[i + 1]!, pairsOfLow));
      f.set(halves[1], B.shuffle(this.#pairs[i]!, this.#pairs[i + 1]!, pairsOfHigh));
    }
  }
}
