// Sums, products, averages, moves and tables of codes against the formulas of docs/numerics.md, written out plainly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coded, fake, onCodes, params, real } from '../../../test/support/on-codes.ts';
import { roundHalfEven } from '../../base/integer.ts';
import { attr, type QuantParams, quantizedRanges, Tensor } from '../../ir/index.ts';

const f32 = Math.fround;

function saturate(steps: number, y: QuantParams): number {
  const { min, max } = quantizedRanges[y.dtype];
  return Math.min(max, Math.max(min, roundHalfEven(steps) + y.zeroPoints[0]!));
}

const every = Array.from({ length: 256 }, (_, i) => i);
const pairs = every.flatMap((a) => every.map((b) => [a, b] as const));
const scale = fc.integer({ min: 1, max: 100000 }).map((n) => n / 30011);
const zero = fc.integer({ min: 0, max: 255 });
const someParams = fc.tuple(scale, zero).map(([s, z]) => params('uint8', s, z));

describe('all pairs of codes', () => {
  const left = pairs.map(([a]) => a);
  const right = pairs.map(([, b]) => b);
  const steps: Readonly<Record<string, (a: number, b: number, s: readonly number[]) => number>> = {
    Add: (a, b, [sa, sb, sy]) => f32(f32(a * f32(sa! / sy!)) + f32(b * f32(sb! / sy!))),
    Sub: (a, b, [sa, sb, sy]) => f32(f32(a * f32(sa! / sy!)) - f32(b * f32(sb! / sy!))),
    Mul: (a, b, [sa, sb, sy]) => f32(f32(a * b) * f32(f32(sa! * sb!) / sy!)),
    Mean: (a, b, [sa, sb, sy]) => f32(f32(a * f32(sa! / (2 * sy!))) + f32(b * f32(sb! / (2 * sy!)))),
  };
  test.each(Object.keys(steps))('%s', (op) => {
    fc.assert(
      fc.property(someParams, someParams, someParams, (qa, qb, qy) => {
        const [made] = onCodes({
          op,
          inputs: [coded(qa, [left.length], left), coded(qb, [left.length], right)],
          outputs: [qy],
        });
        const scales = [qa, qb, qy].map((q) => q.scales[0]!);
        const codes = made!.data('uint8');
        const wrong = pairs.findIndex(
          ([a, b], i) =>
            codes[i] !== saturate(steps[op]!(a - qa.zeroPoints[0]!, b - qb.zeroPoints[0]!, scales), qy),
        );
        expect(wrong).toBe(-1);
      }),
      { numRuns: 5 },
    );
  });
});

test('a sum of three is added from the left, and broadcasts', () => {
  const [a, b, c] = [params('uint8', 0.1, 3), params('int8', 0.7, -2), params('uint8', 1 / 3, 255)];
  const y = params('uint8', 0.05, 128);
  const [made] = onCodes({
    op: 'Sum',
    inputs: [coded(a, [2, 1], [9, 200]), coded(b, [3], [5, -100, 7]), coded(c, [], [250])],
    outputs: [y],
  });
  const m = [a, b, c].map((q) => f32(q.scales[0]! / y.scales[0]!));
  expect(made!.dims).toEqual([2, 3]);
  expect(made!.toNumbers()).toEqual(
    [6, 197].flatMap((p) =>
      [7, -98, 9].map((q) => saturate(f32(f32(f32(p * m[0]!) + f32(q * m[1]!)) + f32(-5 * m[2]!)), y)),
    ),
  );
});

test('a float operand: by way of float', () => {
  const a = coded(params('int8', 0.5), [2], [3, -4]);
  const spec = { op: 'Add', inputs: [a, real([2], [0.3, 0.4])], outputs: [params('int8', 0.25)] };
  expect(onCodes(spec)[0]!.toNumbers()).toEqual(fake(spec)[0]!.toNumbers());
});

describe('averages', () => {
  const x = params('uint8', 0.3, 10);
  const y = params('uint8', 0.2, 20);
  const codes = Array.from({ length: 2 * 9 }, (_, i) => (i * 53) % 256);
  const average = (list: readonly number[], count = list.length): number =>
    saturate(f32(list.reduce((n, q) => n + q - 10, 0) * f32(x.scales[0]! / f32(y.scales[0]! * count))), y);

  test('of all and of axes', () => {
    const data = coded(x, [1, 2, 3, 3], codes);
    const [global] = onCodes({ op: 'GlobalAveragePool', inputs: [data], outputs: [y] });
    expect(global!.dims).toEqual([1, 2, 1, 1]);
    const planes = [average(codes.slice(0, 9)), average(codes.slice(9))];
    expect(global!.toNumbers()).toEqual(planes);
    const [mean] = onCodes({
      op: 'ReduceMean',
      inputs: [data],
      attributes: { axes: attr.ints([-1, 2]), keepdims: attr.int(0) },
      outputs: [y],
    });
    expect([mean!.dims, mean!.toNumbers()]).toEqual([[1, 2], planes]);
    const [sum] = onCodes({
      op: 'ReduceSum',
      inputs: [data, { tensor: Tensor.from('int64', [1], [3]) }],
      outputs: [params('int8', 2.5, -9)],
    });
    const row = codes.slice(0, 3).reduce((n, q) => n + q - 10, 0);
    expect(sum!.toNumbers()[0]).toBe(saturate(f32(row * f32(x.scales[0]! / 2.5)), params('int8', 2.5, -9)));
  });

  test.each([0, 1])('of windows, with count_include_pad %i', (include) => {
    const [made] = onCodes({
      op: 'AveragePool',
      inputs: [coded(x, [1, 1, 3, 3], codes.slice(0, 9))],
      attributes: {
        kernel_shape: attr.ints([2, 2]),
        pads: attr.ints([1, 1, 0, 0]),
        count_include_pad: attr.int(include),
      },
      outputs: [y],
    });
    const c = codes;
    const count = include === 1 ? 4 : undefined;
    expect(made!.toNumbers()).toEqual([
      average([c[0]!], count),
      average([c[0]!, c[1]!], count),
      average([c[1]!, c[2]!], count),
      average([c[0]!, c[3]!], count),
      average([c[0]!, c[1]!, c[3]!, c[4]!]),
      average([c[1]!, c[2]!, c[4]!, c[5]!]),
      average([c[3]!, c[6]!], count),
      average([c[3]!, c[4]!, c[6]!, c[7]!]),
      average([c[4]!, c[5]!, c[7]!, c[8]!]),
    ]);
  });
});

describe('moves', () => {
  const q = params('uint8', 0.5, 100);
  const other = params('uint8', 0.25, 7);

  test('codes of equal parameters stay what they are', () => {
    const data = coded(q, [2, 3], [0, 1, 2, 253, 254, 255]);
    const [made] = onCodes({ op: 'Transpose', inputs: [data], outputs: [q] });
    expect(made!.toNumbers()).toEqual([0, 253, 1, 254, 2, 255]);
    expect(made!.dtype).toBe('uint8');
  });

  test('a Concat requantizes what has other parameters, a Reshape its result', () => {
    const [joined] = onCodes({
      op: 'Concat',
      inputs: [coded(q, [2], [101, 255]), coded(other, [2], [0, 255])],
      attributes: { axis: attr.int(0) },
      outputs: [other],
    });
    expect(joined!.toNumbers()).toEqual([9, 255, 0, 255]);
    const [shaped] = onCodes({
      op: 'Flatten',
      inputs: [coded(other, [1, 3], [8, 9, 10])],
      outputs: [q],
    });
    // 0.5, 1 and 1.5 steps.
    expect(shaped!.toNumbers()).toEqual([100, 101, 102]);
  });

  test('a Pad without a value fills with the code of zero', () => {
    const [made] = onCodes({
      op: 'Pad',
      inputs: [coded(q, [2], [1, 2]), { tensor: Tensor.from('int64', [2], [1, 1]) }],
      outputs: [q],
    });
    expect(made!.toNumbers()).toEqual([100, 1, 2, 100]);
  });

  test('a MaxPool picks codes, its padding never', () => {
    const [made] = onCodes({
      op: 'MaxPool',
      inputs: [coded(q, [1, 1, 2, 2], [1, 0, 3, 2])],
      attributes: { kernel_shape: attr.ints([2, 2]), pads: attr.ints([1, 1, 0, 0]) },
      outputs: [q],
    });
    expect(made!.toNumbers()).toEqual([1, 1, 3, 3]);
  });

  test('moved by way of float where the operator takes no integers: every code comes back', () => {
    fc.assert(
      fc.property(someParams, (p) => {
        const [made] = onCodes({ op: 'GlobalMaxPool', inputs: [coded(p, [256, 1, 1], every)], outputs: [p] });
        expect(made!.toNumbers()).toEqual(every);
      }),
    );
  });
});

test('a function of one element is a table, the same as by way of float', () => {
  fc.assert(
    fc.property(someParams, someParams, (x, y) => {
      const codes = Array.from({ length: 600 }, (_, i) => (i * 89) % 256);
      const spec = { op: 'Abs', inputs: [coded(x, [2, 300], codes)], outputs: [y] };
      expect(onCodes(spec)[0]!.toNumbers()).toEqual(fake(spec)[0]!.toNumbers());
    }),
  );
});

describe('crossings', () => {
  test('codes to codes: one multiplier, one rounding', () => {
    const [x, y] = [params('uint8', 0.02, 128), params('int8', 0.05, -3)];
    const [made] = onCodes({ op: 'QuantizeLinear', inputs: [coded(x, [256], every)], outputs: [y] });
    const m = f32(x.scales[0]! / y.scales[0]!);
    expect(made!.toNumbers()).toEqual(every.map((q) => saturate(f32((q - 128) * m), y)));
  });

  test('four bits are packed, the first in the low half', () => {
    const y = params('int4', 0.5, 1);
    const [made] = onCodes({ op: 'QuantizeLinear', inputs: [real([3], [-9, 0.5, 9])], outputs: [y] });
    expect([...made!.bytes()]).toEqual([0x28, 0x07]);
    expect(made!.toNumbers()).toEqual([-8, 2, 7]);
    const [back] = onCodes({ op: 'DequantizeLinear', inputs: [{ tensor: made!, quant: y }] });
    expect(back!.toNumbers()).toEqual([-4.5, 0.5, 3]);
  });
});
