// Tensors of seeded random values for tests of compiled operators: floats with the values that go wrong, and codes.
import * as fc from 'fast-check';
import { lcg } from '../../src/base/random.ts';
import type { QuantParams } from '../../src/ir/index.ts';
import { perTensor, Tensor } from '../../src/ir/index.ts';
import type { TestLayout, TestValue } from './lowered-node.ts';

export type Kind = 'codes' | 'floats' | 'integers';

export const layouts = fc.constantFrom<TestLayout>('dense', 'last');

export const quants: fc.Arbitrary<QuantParams> = fc
  .tuple(
    fc.constantFrom('uint8' as const, 'int8' as const),
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 1, max: 40 }),
  )
  .map(([dtype, zero, scale]) =>
    perTensor(dtype, scale / 64, dtype === 'int8' ? zero - 128 : zero, 'a test'),
  );

const strange = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-42,
  -3e-39,
  3e38,
  1,
  -1,
];

/** Mostly of a few units; with `any` also NaN, infinities, zeros of both signs and denormals. */
export function floats(dims: readonly number[], seed: number, any = false): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, b) => a * b, 1);
  return Tensor.of(
    'float32',
    dims,
    Float32Array.from({ length: count }, () => {
      const r = next();
      if (any && r < 0.15) return strange[Math.floor((r / 0.15) * strange.length)]!;
      return (next() - 0.5) * (r < 0.3 ? 40 : 6);
    }),
  );
}

export function codes(dims: readonly number[], seed: number, dtype: 'uint8' | 'int8'): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, b) => a * b, 1);
  const low = dtype === 'int8' ? -128 : 0;
  return Tensor.from(
    dtype,
    dims,
    Array.from({ length: count }, () => low + Math.floor(next() * 256)),
  );
}

export function integers(dims: readonly number[], values?: readonly number[]): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  return Tensor.from('int64', dims, values ?? Array.from({ length: count }, (_, i) => i * 3 - 7));
}

/** A constant list of integers, as axes and shapes are given. */
export function list(...values: number[]): TestValue {
  return { tensor: integers([values.length], values), constant: true };
}

/** A value of the kind; `quant` is that of codes. */
export function randomValue(
  kind: Kind,
  dims: readonly number[],
  { seed, quant, layout }: { seed: number; quant: QuantParams; layout: TestLayout },
): TestValue {
  if (kind === 'codes') return { tensor: codes(dims, seed, quant.dtype as 'uint8'), quant, layout };
  return { tensor: kind === 'floats' ? floats(dims, seed, true) : integers(dims), layout };
}
