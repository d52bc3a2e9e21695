/**
 * Sums of products of u8 data and s8 weights, four neighbouring bytes into a 32-bit lane. The relaxed variant has one instruction
 * for it; the baseline multiplies pairs of 16 bits, two pairs for four bytes. Both are exact.
 *
 * Of `narrow` operands, bytes in memory, the baseline makes pairs as it reads them: of even and of odd bytes. `wide` weights have
 * been widened (widen.ts). With `pairs` data have been widened too, and the baseline takes a pair at a time: what is twice as long
 * takes twice as many steps of the same length.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i16x8, i32, ops } from '../../wasm/index.ts';
import type { Variant } from './kernel.ts';

type Vector = Local<'v128'>;

/** Sixteen bytes: four a lane. The baseline has them as two vectors of pairs. */
export interface Quads {
  readonly parts: readonly Vector[];
}

const { v128: V, i16x8: H, i32x4: W } = ops;

export type Operands = 'narrow' | 'wide' | 'pairs';

export class QuadProducts {
  readonly #f: FunctionBody;
  readonly #relaxed: boolean;
  readonly #operands: Operands;

  constructor(f: FunctionBody, variant: Variant, operands: Operands) {
    this.#f = f;
    this.#relaxed = variant === 'relaxed';
    this.#operands = operands;
  }

  quads(): Quads {
    return { parts: this.#f.locals('v128', this.#relaxed || this.#operands === 'pairs' ? 1 : 2) };
  }

  /** Sixteen bytes at an offset of narrow weights; wide ones have the first pairs of 32 bytes, then the second. */
  loadWeights(into: Quads, address: Expression<'i32'>, offset = 0): void {
    const f = this.#f;
    const [first, second] = into.parts as readonly [Vector, Vector | undefined];
    if (second === undefined) f.set(first, V.load(address, offset));
    else if (this.#operands === 'wide') {
      const at = 2 * offset - (offset % 32);
      f.set(first, V.load(address, at));
      f.set(second, V.load(address, at + 32));
    } else {
      f.set(second, V.load(address, offset));
      f.set(first, H.shr_s(H.shl(second, i32(8)), i32(8)));
      f.set(second, H.shr_s(second, i32(8)));
    }
  }

  /** Four bytes of data into every lane: of narrow data, or of pairs. */
  loadSplatted(into: Quads, address: Expression<'i32'>, offset = 0): void {
    const f = this.#f;
    const [first, second] = into.parts as readonly [Vector, Vector | undefined];
    if (second === undefined) f.set(first, V.load32_splat(address, offset));
    else {
      f.set(second, V.load32_splat(address, offset));
      this.#split(into, second);
    }
  }

  /** Sixteen bytes of narrow data. */
  spread(into: Quads, bytes: Vector): void {
    if (this.#relaxed) this.#f.set(into.parts[0]!, bytes);
    else this.#split(into, bytes);
  }

  #split({ parts: [evens, odds] }: Quads, bytes: Vector): void {
    this.#f.set(evens!, V.and(bytes, i16x8(0xff)));
    this.#f.set(odds!, H.shr_u(bytes, i32(8)));
  }

  /** sum += weights * data, lane by lane. */
  add(sum: Vector, weights: Quads, data: Quads): void {
    for (const [i, w] of weights.parts.entries()) {
      const x = data.parts[i]!;
      this.#f.set(
        sum,
        this.#relaxed ? W.relaxed_dot_i8x16_i7x16_add_s(w, x, sum) : W.add(sum, W.dot_i16x8_s(w, x)),
      );
    }
  }
}
