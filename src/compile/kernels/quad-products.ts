/**
 * Sums of products of u8 data and s8 weights, four neighbouring bytes into a 32-bit lane. The relaxed variant has one instruction
 * for it; the baseline widens to 16 bits, multiplies in pairs and keeps two half sums, which `total` adds. Both are exact, and
 * both read the same weights.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32x4, ops } from '../../wasm/index.ts';
import type { Variant } from './kernel.ts';

type Vectors = readonly Local<'v128'>[];

/** Four sums. */
export interface QuadSum {
  readonly parts: Vectors;
}

/** Sixteen bytes: four a lane. */
export interface Quads {
  readonly parts: Vectors;
}

/** Lanes of both operands that are even, and odd. */
const even = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
const odd = even.map((lane) => lane + 4);

const { v128: V, i8x16: B, i16x8: H, i32x4: W } = ops;

export class QuadProducts {
  readonly #f: FunctionBody;
  readonly #parts: 1 | 2;
  readonly #wide: boolean;

  /** `wide`: in the baseline, operands in memory have been widened to 16 bits (widen.ts), at offsets twice as large. */
  constructor(f: FunctionBody, variant: Variant, operands: 'narrow' | 'wide' = 'narrow') {
    this.#f = f;
    this.#parts = variant === 'relaxed' ? 1 : 2;
    this.#wide = operands === 'wide' && variant === 'baseline';
  }

  sum(): QuadSum {
    return { parts: this.#f.locals('v128', this.#parts) };
  }

  /** Room for sixteen bytes of weights or of data that differ from lane to lane. */
  quads(): Quads {
    return { parts: this.#f.locals('v128', this.#parts) };
  }

  /** Room for four bytes of data, the same in every lane. */
  splatted(): Quads {
    const [local] = this.#f.locals('v128', 1);
    return { parts: this.#parts === 1 ? [local!] : [local!, local!] };
  }

  /** Sums that begin with four 32-bit numbers. */
  start(sum: QuadSum, numbers: Local<'v128'>): void {
    const [low, high] = sum.parts;
    if (high === undefined) {
      this.#f.set(low!, numbers);
      return;
    }
    // Each number in the first half sum of its lane, 0 in the second.
    this.#f.set(low!, B.shuffle(numbers, i32x4(0), [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 16, 17, 18, 19]));
    this.#f.set(
      high!,
      B.shuffle(numbers, i32x4(0), [8, 9, 10, 11, 16, 17, 18, 19, 12, 13, 14, 15, 16, 17, 18, 19]),
    );
  }

  loadWeights(into: Quads, address: Expression<'i32'>, offset = 0): void {
    const [low, high] = into.parts;
    if (high === undefined) this.#f.set(low!, V.load(address, offset));
    else if (this.#wide) {
      this.#f.set(low!, V.load(address, 2 * offset));
      this.#f.set(high, V.load(address, 2 * offset + 16));
    } else {
      this.#f.set(low!, V.load8x8_s(address, offset));
      this.#f.set(high, V.load8x8_s(address, offset + 8));
    }
  }

  /** Four bytes of data into every lane. */
  loadSplatted(into: Quads, address: Expression<'i32'>, offset = 0): void {
    const [into0] = into.parts as [Local<'v128'>];
    if (this.#wide) this.#f.set(into0, V.load64_splat(address, 2 * offset));
    else {
      const four = V.load32_splat(address, offset);
      this.#f.set(into0, this.#parts === 1 ? four : H.extend_low_i8x16_u(four));
    }
  }

  /** Sixteen bytes of data. */
  spread(into: Quads, bytes: Local<'v128'>): void {
    const [low, high] = into.parts;
    if (high === undefined) this.#f.set(low!, bytes);
    else {
      this.#f.set(low!, H.extend_low_i8x16_u(bytes));
      this.#f.set(high, H.extend_high_i8x16_u(bytes));
    }
  }

  add(sum: QuadSum, weights: Quads, data: Quads): void {
    for (const [i, part] of sum.parts.entries()) {
      const [w, x] = [weights.parts[i]!, data.parts[i]!];
      this.#f.set(
        part,
        this.#parts === 1 ? W.relaxed_dot_i8x16_i7x16_add_s(w, x, part) : W.add(part, W.dot_i16x8_s(w, x)),
      );
    }
  }

  total({ parts: [low, high] }: QuadSum): Expression<'v128'> {
    return high === undefined ? low! : W.add(B.shuffle(low!, high, even), B.shuffle(low!, high, odd));
  }
}
