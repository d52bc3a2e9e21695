// Linear operators on codes against the formulas of docs/numerics.md, written out plainly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alongAxis, type Coded, coded, onCodes, params, real } from '../../../test/support/on-codes.ts';
import { roundHalfEven } from '../../base/integer.ts';
import { attr, type QuantParams, quantizedRanges } from '../../ir/index.ts';

const f32 = Math.fround;

/** f32 sum times multiplier, to a code. */
function toCode(sum: number, ratio: number, y: QuantParams, shift?: number): number {
  const { min, max } = quantizedRanges[y.dtype];
  const scaled = f32(f32(sum) * f32(ratio));
  const q = roundHalfEven(shift === undefined ? scaled : f32(scaled + f32(shift))) + y.zeroPoints[0]!;
  return Math.min(max, Math.max(min, q));
}

/** A value of any of the dtypes, with arbitrary codes. */
const codesOf = (dims: readonly number[], dtype: 'uint8' | 'int8'): fc.Arbitrary<Coded> => {
  const { min, max } = quantizedRanges[dtype];
  const count = dims.reduce((n, d) => n * d, 1);
  return fc
    .tuple(
      fc.integer({ min: 1, max: 4000 }),
      fc.integer({ min, max }),
      fc.array(fc.integer({ min, max }), { minLength: count, maxLength: count }),
    )
    .map(([s, z, codes]) => coded(params(dtype, s / 7919, z), dims, codes));
};

const sizes = fc.record({
  n: fc.integer({ min: 1, max: 2 }),
  group: fc.constantFrom(1, 2),
  inputs: fc.integer({ min: 1, max: 5 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  h: fc.integer({ min: 3, max: 6 }),
  w: fc.integer({ min: 3, max: 6 }),
  k: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  dtype: fc.constantFrom('uint8' as const, 'int8' as const),
  out: fc.constantFrom('uint8' as const, 'int8' as const),
});

test('Conv: exact sums with the bias, one multiplier a channel, one rounding; padding is the zero point', () => {
  const cases = sizes.chain((s) =>
    fc.record({
      s: fc.constant(s),
      x: codesOf([s.n, s.inputs * s.group, s.h, s.w], s.dtype),
      w: codesOf([s.outputs * s.group, s.inputs, s.k, s.k], 'int8'),
      y: codesOf([], s.out),
      bias: fc.array(fc.integer({ min: -100000, max: 100000 }), {
        minLength: s.outputs * s.group,
        maxLength: s.outputs * s.group,
      }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ s, x, w, y, bias }) => {
      const channels = s.outputs * s.group;
      const scales = Array.from({ length: channels }, (_, c) => f32(w.quant!.scales[0]! * (1 + c / 8)));
      const weight = { tensor: w.tensor, quant: alongAxis(scales, 0) };
      const scaleIn = x.quant!.scales[0]!;
      const biasQuant = {
        ...alongAxis(
          scales.map((v) => f32(scaleIn * v)),
          0,
        ),
        dtype: 'int32' as const,
      };
      const [made] = onCodes({
        op: 'Conv',
        inputs: [x, weight, coded(biasQuant, [channels], bias)],
        attributes: {
          strides: attr.ints([s.stride, s.stride]),
          pads: attr.ints(s.pads),
          group: attr.int(s.group),
        },
        outputs: [y.quant],
      });
      const [xs, ws] = [x.tensor.toNumbers(), w.tensor.toNumbers()];
      const [, , oh, ow] = made!.dims as [number, number, number, number];
      const expected: number[] = [];
      for (let n = 0; n < s.n; n++)
        for (let m = 0; m < channels; m++)
          for (let oy = 0; oy < oh; oy++)
            for (let ox = 0; ox < ow; ox++) {
              let sum = bias[m]!;
              for (let c = 0; c < s.inputs; c++)
                for (let ky = 0; ky < s.k; ky++)
                  for (let kx = 0; kx < s.k; kx++) {
                    const iy = oy * s.stride + ky - s.pads[0]!;
                    const ix = ox * s.stride + kx - s.pads[1]!;
                    if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
                    const channel = Math.floor(m / s.outputs) * s.inputs + c;
                    const q = xs[((n * s.inputs * s.group + channel) * s.h + iy) * s.w + ix]!;
                    sum += (q - x.quant!.zeroPoints[0]!) * ws[((m * s.inputs + c) * s.k + ky) * s.k + kx]!;
                  }
              expected.push(toCode(sum, f32(scaleIn * scales[m]!) / y.quant!.scales[0]!, y.quant!));
            }
      expect(made!.toNumbers()).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

describe('matrix products', () => {
  const y = params('uint8', 0.3, 7);
  const x = coded(params('uint8', 0.1, 100), [2, 3], [1, 2, 255, 0, 128, 30]);
  const w = [1, -2, 3, -4, 127, -128];
  const sums = [0, 1].map((r) =>
    [0, 1].map((c) =>
      [0, 1, 2].reduce((n, k) => n + (x.tensor.toNumbers()[r * 3 + k]! - 100) * w[k * 2 + c]!, 0),
    ),
  );

  test('MatMul with scales along the columns', () => {
    const weight = coded(alongAxis([0.5, 0.01], 1), [3, 2], w);
    const [made] = onCodes({ op: 'MatMul', inputs: [x, weight], outputs: [y] });
    const factors = weight.quant!.scales.map((s) => f32(x.quant!.scales[0]! * s) / y.scales[0]!);
    expect(made!.toNumbers()).toEqual(sums.flatMap((row) => row.map((s, c) => toCode(s, factors[c]!, y))));
  });

  test('Gemm leaves its result in float: scaled sums, then the bias that is float', () => {
    const weight = coded(alongAxis([0.5, 0.01], 0), [2, 3], [w[0]!, w[2]!, w[4]!, w[1]!, w[3]!, w[5]!]);
    const [made] = onCodes({
      op: 'Gemm',
      inputs: [x, weight, real([2], [0.1, -0.7])],
      attributes: { transB: attr.int(1) },
    });
    const scales = weight.quant!.scales.map((s) => f32(x.quant!.scales[0]! * s));
    expect(made!.toNumbers()).toEqual(
      sums.flatMap((row) => row.map((s, c) => f32(f32(s * scales[c]!) + f32([0.1, -0.7][c]!)))),
    );
  });

  test('a float bias before codes is added in steps of the result', () => {
    const weight = coded(params('int8', 0.02), [3, 2], w);
    const [made] = onCodes({ op: 'Gemm', inputs: [x, weight, real([2], [0.5, -3])], outputs: [y] });
    const factor = f32(x.quant!.scales[0]! * weight.quant!.scales[0]!) / y.scales[0]!;
    expect(made!.toNumbers()).toEqual(
      sums.flatMap((row) => row.map((s, c) => toCode(s, factor, y, [0.5, -3][c]! / y.scales[0]!))),
    );
  });

  test('zero points of both sides, 16-bit codes', () => {
    const a = coded(params('int16', 0.001, -300), [1, 2], [-32768, 32767]);
    const b = coded(params('uint8', 0.25, 200), [2, 1], [255, 3]);
    const [made] = onCodes({ op: 'MatMul', inputs: [a, b], outputs: [params('int16', 1.5, 11)] });
    const sum = (-32768 + 300) * 55 + (32767 + 300) * -197;
    expect(made!.toNumbers()).toEqual([
      toCode(sum, f32(a.quant!.scales[0]! * 0.25) / 1.5, params('int16', 1.5, 11)),
    ]);
  });
});

test('ConvTranspose spreads each code, then rounds once', () => {
  const x = coded(params('uint8', 0.5, 3), [1, 1, 1, 2], [5, 4]);
  const w = coded(alongAxis([0.25, 0.5], 1), [1, 2, 1, 3], [1, 2, 3, -1, 0, 1]);
  const y = params('int8', 0.125, -5);
  const [made] = onCodes({
    op: 'ConvTranspose',
    inputs: [x, w],
    attributes: { strides: attr.ints([1, 2]) },
    outputs: [y],
  });
  expect(made!.dims).toEqual([1, 2, 1, 5]);
  const sums = [2, 4, 6 + 1, 2, 3, -2, 0, 2 - 1, 0, 1];
  expect(made!.toNumbers()).toEqual(sums.map((s, i) => toCode(s, (0.5 * (i < 5 ? 0.25 : 0.5)) / 0.125, y)));
});

describe('refusals and what has no integer form', () => {
  const x = coded(params('uint8', 0.5, 0), [1, 2], [255, 255]);
  const w = coded(params('int8', 0.5), [2, 1], [127, 127]);

  test('a bias of another scale than that of the products', () => {
    const bias = coded(params('int32', 0.3), [1], [5]);
    expect(() => onCodes({ op: 'Gemm', inputs: [x, w, bias], outputs: [params('uint8', 1)] })).toThrow(
      /its bias has scale 0.3.*not the scale of the products 0.25/,
    );
  });

  test('sums beyond 32 bits', () => {
    const bias = coded(params('int32', 0.25), [1], [2 ** 31 - 1]);
    expect(() => onCodes({ op: 'Gemm', inputs: [x, w, bias], outputs: [params('uint8', 1)] })).toThrow(
      /a sum of 2147548417 does not fit 32 bits/,
    );
  });

  test('scales along the summed axis: by way of float', () => {
    const weight = coded(alongAxis([0.5, 0.25], 0), [2, 1], [4, 8]);
    const [made] = onCodes({ op: 'MatMul', inputs: [x, weight] });
    expect(made!.toNumbers()).toEqual([127.5 * 2 + 127.5 * 2]);
  });
});
