// Tensors of seeded numbers, for generated cases.
import { lcg } from '../../src/base/random.ts';
import type { NumericDType } from '../../src/ir/index.ts';
import { Tensor } from '../../src/ir/index.ts';

export interface Seeded {
  /** Values in -1 .. 1. */
  readonly floats: (...dims: readonly number[]) => Tensor;
  /** Whole numbers in lo .. hi. */
  readonly whole: (dtype: NumericDType, dims: readonly number[], range: readonly [number, number]) => Tensor;
  /** A whole number in lo .. hi. */
  readonly int: (lo: number, hi: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
}

export function seeded(seed: number): Seeded {
  const next = lcg(seed);
  const int = (lo: number, hi: number): number => lo + Math.floor(next() * (hi - lo + 1));
  const fill = (dims: readonly number[], value: () => number): number[] =>
    Array.from({ length: dims.reduce((n, d) => n * d, 1) }, value);
  return {
    floats: (...dims) =>
      Tensor.from(
        'float32',
        dims,
        fill(dims, () => 2 * next() - 1),
      ),
    whole: (dtype, dims, [lo, hi]) =>
      Tensor.from(
        dtype,
        dims,
        fill(dims, () => int(lo, hi)),
      ),
    int,
    pick: (choices) => choices[int(0, choices.length - 1)]!,
  };
}
