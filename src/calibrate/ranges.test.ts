import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CalibrationError } from '../base/errors.ts';
import { roundHalfEven } from '../base/integer.ts';
import type { QuantParams } from '../ir/index.ts';
import { perChannel, perTensor, quantizedRanges, Tensor } from '../ir/index.ts';
import {
  channelScales,
  checkSums,
  guardBias,
  quantizeBias,
  quantizeValues,
  quantizeWeight,
  rangeToParams,
} from './ranges.ts';

const real = fc.oneof(
  fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  fc.double({ min: -1e-6, max: 1e-6, noNaN: true }),
  fc.constantFrom(0, 1, -1, 6),
);
const range = fc.tuple(real, real).map(([a, b]) => ({ lo: Math.min(a, b), hi: Math.max(a, b) }));
const form = fc.constantFrom(
  { dtype: 'uint8', symmetric: false } as const,
  { dtype: 'int8', symmetric: false } as const,
  { dtype: 'int8', symmetric: true } as const,
);

/** What a value becomes in INT8 and back. */
function roundTrip(x: number, { dtype, scales, zeroPoints }: QuantParams): number {
  const { min, max } = quantizedRanges[dtype];
  const q = Math.min(Math.max(roundHalfEven(x / scales[0]!) + zeroPoints[0]!, min), max);
  return scales[0]! * (q - zeroPoints[0]!);
}

/** Of a positive float32. */
function nextFloat32(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  view.setUint32(0, view.getUint32(0) + 1);
  return view.getFloat32(0);
}

describe('rangeToParams', () => {
  test('every value of the range is within half a scale of a code, and zero is exact', () => {
    fc.assert(
      fc.property(range, form, fc.double({ min: 0, max: 1, noNaN: true }), ({ lo, hi }, options, t) => {
        const params = rangeToParams({ lo, hi }, options, 'x');
        const half = params.scales[0]! * 0.5 * (1 + 1e-4);
        expect(roundTrip(0, params)).toBe(0);
        for (const x of [lo, hi, lo + t * (hi - lo)])
          expect(Math.abs(roundTrip(x, params) - x)).toBeLessThanOrEqual(half);
      }),
      { numRuns: 500 },
    );
  });

  test('the scale is no wider than the range needs', () => {
    fc.assert(
      fc.property(range, form, ({ lo, hi }, options) => {
        const width = options.symmetric ? 2 * Math.max(-lo, hi, 0) : Math.max(hi, 0) - Math.min(lo, 0);
        const steps = options.symmetric ? 254 : 255;
        fc.pre(width > 1e-25);
        expect(rangeToParams({ lo, hi }, options, 'x').scales).toEqual([Math.fround(width / steps)]);
      }),
    );
  });

  test('no code stands for more than the ceiling, in float32, and little is given away', () => {
    const clip = fc.oneof(
      fc.constantFrom(6, 1, 0.1, 2 ** 20),
      fc.float({ min: Math.fround(1e-3), max: 1000, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.double({ min: -100, max: 0, noNaN: true }), clip, form, (below, ceiling, options) => {
        for (const hi of [ceiling, ceiling * (1 + 1e-7), ceiling * 1.5]) {
          const oneSided = rangeToParams({ lo: 0, hi }, { ...options, ceiling }, 'x');
          const { max } = quantizedRanges[options.dtype];
          const top = (params: QuantParams): number =>
            Math.fround(params.scales[0]! * (max - params.zeroPoints[0]!));
          expect(top(oneSided)).toBeLessThanOrEqual(ceiling);
          // The largest such scale: the next float32 would pass the ceiling, or what the range needs.
          const steps = options.symmetric ? 127 : 255;
          const next = nextFloat32(oneSided.scales[0]!);
          expect(
            Math.fround(next * steps) > ceiling || next > Math.fround(Math.min(hi, ceiling) / steps),
          ).toBe(true);
          const twoSided = rangeToParams({ lo: below, hi }, { ...options, ceiling }, 'x');
          expect(top(twoSided)).toBeLessThanOrEqual(ceiling);
          if (options.symmetric) continue;
          expect(ceiling - top(twoSided)).toBeLessThanOrEqual(twoSided.scales[0]! * (1 + 1e-4));
          expect(Math.abs(roundTrip(below, twoSided) - below)).toBeLessThanOrEqual(
            twoSided.scales[0]! * 0.5 * (1 + 1e-4),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the known cases', () => {
    const u8 = { dtype: 'uint8', symmetric: false } as const;
    const s8 = { dtype: 'int8', symmetric: false } as const;
    const shown = ({ scales, zeroPoints }: QuantParams) => [scales[0], zeroPoints[0]];
    expect(shown(rangeToParams({ lo: 0, hi: 0 }, u8, 'x'))).toEqual([1, 0]);
    expect(shown(rangeToParams({ lo: 0, hi: 0 }, { ...s8, symmetric: true }, 'x'))).toEqual([1, 0]);
    expect(shown(rangeToParams({ lo: 2, hi: 5.1 }, u8, 'x'))).toEqual([Math.fround(0.02), 0]);
    expect(shown(rangeToParams({ lo: 0, hi: 5.1 }, s8, 'x'))).toEqual([Math.fround(0.02), -128]);
    expect(shown(rangeToParams({ lo: -2, hi: -1 }, u8, 'x'))).toEqual([Math.fround(2 / 255), 255]);
    expect(shown(rangeToParams({ lo: -1, hi: 2.64 }, { ...s8, symmetric: true }, 'x'))).toEqual([
      Math.fround(2.64 / 127),
      0,
    ]);
    // A tie in the zero point goes to even: 0.5 / (1 / 255) = 127.5.
    expect(shown(rangeToParams({ lo: -127.5, hi: 127.5 }, u8, 'x'))).toEqual([1, 128]);
    expect(rangeToParams({ lo: 0, hi: 1e-44 }, u8, 'x').scales[0]).toBe(2 ** -100);
    const clip6 = rangeToParams({ lo: 0, hi: 6 }, { ...u8, ceiling: 6 }, 'x').scales[0]!;
    expect(Math.fround(clip6 * 255)).toBeLessThanOrEqual(6);
  });

  test('refuses what is no range', () => {
    const u8 = { dtype: 'uint8', symmetric: false } as const;
    const calibration = expect.objectContaining({ code: 'CALIBRATION', where: 'x' });
    for (const bad of [
      { lo: 1, hi: 0 },
      { lo: Number.NaN, hi: 1 },
      { lo: 0, hi: Number.POSITIVE_INFINITY },
    ])
      expect(() => rangeToParams(bad, u8, 'x')).toThrow(calibration);
    for (const ceiling of [1e-45, 1e-30])
      for (const hi of [0, ceiling, 1])
        expect(() => rangeToParams({ lo: 0, hi }, { ...u8, ceiling }, 'x')).toThrow(calibration);
    const argument = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => rangeToParams({ lo: 0, hi: 1 }, { ...u8, ceiling: 0 }, 'x')).toThrow(argument);
    expect(() => rangeToParams({ lo: 0, hi: 1 }, { ...u8, symmetric: true }, 'x')).toThrow(argument);
  });
});

const dims = fc.tuple(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 4 }),
);
const weight = dims.chain((d) =>
  fc
    .array(fc.float({ min: -3, max: 3, noNaN: true }), {
      minLength: d[0] * d[1] * d[2],
      maxLength: d[0] * d[1] * d[2],
    })
    .map((values) => Tensor.of('float32', d, Float32Array.from(values))),
);

describe('weights', () => {
  test('codes along any axis stand for the weight within half a scale of its channel', () => {
    fc.assert(
      fc.property(weight, fc.integer({ min: 0, max: 2 }), fc.boolean(), (tensor, axis, reduceRange) => {
        const scales = channelScales(tensor, axis, { reduceRange });
        const codes = quantizeWeight(tensor, perChannel('int8', scales, axis, 'w')).data('int8');
        const values = tensor.data('float32');
        const inner = tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
        expect(scales.length).toBe(tensor.dims[axis]);
        for (let i = 0; i < values.length; i++) {
          const scale = scales[Math.floor(i / inner) % scales.length]!;
          expect(Math.abs(codes[i]! * scale - values[i]!)).toBeLessThanOrEqual(scale * 0.50001);
          expect(Math.abs(codes[i]!)).toBeLessThanOrEqual(reduceRange ? 63 : 127);
        }
      }),
    );
  });

  test('dead and tiny channels get a floor', () => {
    const tensor = Tensor.of('float32', [4, 2], Float32Array.of(0, 0, 1e-9, 0, 2, -4, 1, 0));
    expect(channelScales(tensor, 0)).toEqual([0.04, 0.04, 4, 1].map((a) => Math.fround(a / 127)));
    expect(channelScales(tensor, undefined)).toEqual([Math.fround(4 / 127)]);
    const dead = Tensor.of('float32', [2, 1], new Float32Array(2));
    expect(channelScales(dead, 0, { reduceRange: true })).toEqual(Array(2).fill(Math.fround(8e-5 / 63)));
  });

  test('half goes to even, and the ends saturate at 127', () => {
    const tensor = Tensor.of('float32', [6], Float32Array.of(0.5, 1.5, -0.5, -2.5, 400, -400));
    expect([...quantizeWeight(tensor, perTensor('int8', 1, 0, 'w')).data('int8')]).toEqual([
      0, 2, 0, -2, 127, -127,
    ]);
  });

  test('NaN and infinities are named, parameters are checked', () => {
    const calibration = expect.objectContaining({ code: 'CALIBRATION' });
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const tensor = Tensor.of('float32', [2, 1], Float32Array.of(1, bad));
      expect(() => channelScales(tensor, 0, { where: "weight 'w'" })).toThrow(/'w'.*(NaN|Infinity)/);
      expect(() => quantizeBias(tensor.data('float32'), 1, [1], 'b')).toThrow(calibration);
    }
    const tensor = Tensor.of('float32', [2, 2], new Float32Array(4));
    const argument = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => quantizeWeight(tensor, perChannel('int8', [1, 1, 1], 0, 'w'))).toThrow(argument);
    expect(() => quantizeWeight(tensor, perTensor('int8', 1, 3, 'w'))).toThrow(argument);
    expect(() => quantizeWeight(tensor, perTensor('uint8', 1, 0, 'w'))).toThrow(argument);
    expect(() => channelScales(tensor, 2)).toThrow(argument);
  });
});

describe('biases', () => {
  test('a guarded bias fits int32 and stands for the bias within half a step', () => {
    const scale = fc.float({ min: Math.fround(1e-12), max: 1, noNaN: true });
    const bias = fc.float({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(scale, bias), { minLength: 1, maxLength: 6 }),
        scale,
        (pairs, scaleIn) => {
          const values = Float32Array.from(pairs, ([, b]) => b);
          const before = pairs.map(([s]) => s);
          const scales = guardBias(before, values, scaleIn);
          expect(scales.every((s, c) => s >= before[c]!)).toBe(true);
          const { codes, quant } = quantizeBias(values, scaleIn, scales, 'b');
          for (const [c, b] of values.entries()) {
            const code = codes.data('int32')[c]!;
            const step = quant.scales[pairs.length === 1 ? 0 : c]!;
            expect(Math.abs(code * step - b)).toBeLessThanOrEqual(step * 0.5 + Math.abs(b) * 1e-15);
            expect(Math.abs(code)).toBeLessThan(2 ** 31 - 1);
          }
        },
      ),
    );
  });

  test('a scale that needs no guard stays; one scale serves the largest bias', () => {
    expect(guardBias([0.5, 0.25], Float32Array.of(1, -1), 0.1)).toEqual([0.5, 0.25]);
    const [guarded] = guardBias([1e-9], Float32Array.of(1, -1e4), 1e-3);
    expect(guarded! * 1e-3).toBeCloseTo((1.0001 * 2e4) / (2 ** 32 - 2), 12);
    expect(() => guardBias([1, 1], Float32Array.of(1, 2, 3), 1)).toThrow(/2 weight scales for 3/);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => guardBias([1], Float32Array.of(0, bad), 1)).toThrow(/bias: it holds/);
  });

  test('sums whose unit is no float32 are refused, whichever of the three is too large', () => {
    checkSums([1, 1e30], 1e8, 'w');
    expect(() => checkSums([1, 1e30], 1e9, 'w')).toThrow(/w: channel 1 of it.* scale 1000000000 /);
    const guarded = guardBias([1], Float32Array.of(3e38), 2 ** -100);
    expect(guarded).toEqual([Number.POSITIVE_INFINITY]);
    expect(() => checkSums(guarded, 2 ** -100, 'w')).toThrow(CalibrationError);
  });
});

test('constants take the parameters of a value, saturating', () => {
  const tensor = Tensor.of('float32', [5], Float32Array.of(-10, 0, 0.25, 0.75, Number.POSITIVE_INFINITY));
  expect([...quantizeValues(tensor, perTensor('uint8', 0.5, 3, 'c')).data('uint8')]).toEqual([
    0, 3, 3, 5, 255,
  ]);
  expect([...quantizeValues(tensor, perTensor('int8', 0.5, -3, 'c')).data('int8')]).toEqual([
    -23, -3, -3, -1, 127,
  ]);
  const nan = Tensor.of('float32', [1], Float32Array.of(Number.NaN));
  expect(() => quantizeValues(nan, perTensor('uint8', 0.5, 3, 'c'))).toThrow(/NaN/);
});
