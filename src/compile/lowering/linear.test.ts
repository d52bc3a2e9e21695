// Convolutions and matrix products compiled: bytes equal to the reference's for any sizes, windows, groups and parameters.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, quants } from '../../../test/support/random-tensors.ts';
import type { Attribute, QuantParams } from '../../ir/index.ts';
import { attr, perChannel, perTensor, Tensor } from '../../ir/index.ts';

const settings = fc.record({
  seed: fc.nat(),
  quant: quants,
  /** Undefined: float32. */
  to: fc.option(quants, { nil: undefined, freq: 4 }),
  bias: fc.constantFrom('none', 'codes', 'reals'),
  scales: fc.constantFrom('one', 'each'),
  coarse: fc.integer({ min: 0, max: 12 }),
  split: fc.double({ min: 0, max: 1, noNaN: true }),
});

type Setting = typeof settings extends fc.Arbitrary<infer T> ? T : never;

/** Weight and bias; steps of the result from far below a code to many. */
function constants(
  { seed, quant, bias, scales, coarse }: Setting,
  dims: readonly number[],
  axis: number,
  channels: number,
): readonly (TestValue | undefined)[] {
  const count = dims[axis]!;
  const each = Array.from({ length: count }, (_, c) => 2 ** -(coarse + (c % 3)) * (1 + (c % 5) / 7));
  const weight: QuantParams =
    scales === 'each' ? perChannel('int8', each, axis, 'a test') : perTensor('int8', each[0]!, 0, 'a test');
  const products = Array.from(
    { length: channels },
    (_, c) => quant.scales[0]! * weight.scales[c % weight.scales.length]!,
  );
  const given: TestValue[] = [{ tensor: codes(dims, seed + 1, 'int8'), quant: weight, constant: true }];
  if (bias === 'codes') {
    const values = codes([channels], seed + 2, 'int8').toNumbers();
    given.push({
      tensor: Tensor.from(
        'int32',
        [channels],
        Array.from(values, (v) => v * 300),
      ),
      quant: perChannel('int32', products, 0, 'a test'),
      constant: true,
    });
  } else if (bias === 'reals') given.push({ tensor: floats([channels], seed + 2), constant: true });
  return given;
}

function holds(
  setting: Setting,
  data: readonly number[],
  node: Pick<TestNode, 'op' | 'attributes'>,
  rest: readonly (TestValue | undefined)[],
  layout: 'dense' | 'last' | 'narrow',
): void {
  const { seed, quant, to, split } = setting;
  const ran = runLowered(
    {
      ...node,
      inputs: [{ tensor: codes(data, seed, quant.dtype as 'uint8'), quant, layout }, ...rest],
      outputs: [to === undefined ? {} : { quant: to, layout: layout === 'narrow' ? 'last' : layout }],
    },
    split,
  );
  expect(firstDifference(ran)).toBe(undefined);
}

const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const windows = fc.record({
  rank: fc.constantFrom(1, 2),
  images: small(2),
  kernel: fc.tuple(small(4), small(4)),
  strides: fc.tuple(small(3), small(3)),
  dilations: fc.tuple(small(2), small(2)),
  pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  extra: fc.tuple(fc.nat(8), fc.nat(8)),
});

type Windows = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** Spatial sizes that the window fits, and its attributes. */
function windowed({ rank, kernel, strides, dilations, pads, extra }: Windows): {
  sizes: number[];
  kernel: number[];
  attributes: Record<string, Attribute>;
} {
  const cut = <T>(list: readonly T[]): T[] => list.slice(2 - rank);
  const [begin, end] = [cut(pads.slice(0, 2)), cut(pads.slice(2))];
  const spans = cut(kernel).map((k, a) => (k - 1) * cut(dilations)[a]! + 1);
  return {
    sizes: spans.map((span, a) => Math.max(1, span - begin[a]! - end[a]!) + cut(extra)[a]!),
    kernel: cut(kernel),
    attributes: {
      strides: attr.ints(cut(strides)),
      dilations: attr.ints(cut(dilations)),
      pads: attr.ints([...begin, ...end]),
    },
  };
}

describe('Conv', () => {
  test('dense and in groups', () => {
    fc.assert(
      fc.property(
        settings,
        windows,
        small(3),
        small(9),
        small(18),
        (setting, window, group, inputs, outputs) => {
          const { sizes, kernel, attributes } = windowed(window);
          const weight = [outputs * group, inputs, ...kernel];
          holds(
            setting,
            [window.images, inputs * group, ...sizes],
            { op: 'Conv', attributes: { ...attributes, group: attr.int(group) } },
            constants(setting, weight, 0, outputs * group),
            'last',
          );
        },
      ),
      { numRuns: 120 },
    );
  });

  test('of pictures, with room for four channels in a pixel', () => {
    fc.assert(
      fc.property(settings, windows, small(4), small(18), (setting, window, inputs, outputs) => {
        const { sizes, kernel, attributes } = windowed(window);
        holds(
          setting,
          [window.images, inputs, ...sizes],
          { op: 'Conv', attributes },
          constants(setting, [outputs, inputs, ...kernel], 0, outputs),
          'narrow',
        );
      }),
      { numRuns: 60 },
    );
  });

  test('depthwise', () => {
    fc.assert(
      fc.property(settings, windows, small(20), fc.boolean(), (setting, window, channels, frequent) => {
        const stride = 1 + (setting.seed % 2);
        const usual = { kernel: [3, 3], strides: [stride, stride], dilations: [1, 1], rank: 2 } as const;
        const { sizes, kernel, attributes } = windowed(
          frequent ? ({ ...window, ...usual } as unknown as Windows) : window,
        );
        holds(
          frequent ? { ...setting, bias: setting.bias === 'reals' ? 'codes' : setting.bias } : setting,
          [window.images, channels, ...sizes],
          { op: 'Conv', attributes: { ...attributes, group: attr.int(channels) } },
          constants(setting, [channels, 1, ...kernel], 0, channels),
          'last',
        );
      }),
      { numRuns: 120 },
    );
  });

  test('the usual windows take the kernels made for them', () => {
    const setting: Setting = {
      seed: 7,
      quant: perTensor('uint8', 0.5, 3, 'a test'),
      to: perTensor('uint8', 8, 100, 'a test'),
      bias: 'codes',
      scales: 'each',
      coarse: 8,
      split: 0.5,
    };
    const names = (
      dims: readonly number[],
      weight: readonly number[],
      attributes: TestNode['attributes'],
      to = setting.to!,
    ) =>
      runLowered({
        op: 'Conv',
        attributes: attributes!,
        inputs: [
          { tensor: codes(dims, 1, 'uint8'), quant: setting.quant, layout: 'last' },
          ...constants(setting, weight, 0, weight[0]!),
        ],
        outputs: [{ quant: to, layout: 'last' }],
      }).kernels.filter((kernel) => !kernel.startsWith('widen-'));
    const pads = attr.ints([1, 1, 1, 1]);
    expect(names([1, 16, 9, 9], [24, 16, 1, 1], {})).toEqual(['pointwise-halves-by-4']);
    expect(names([1, 16, 9, 9], [24, 16, 3, 3], { pads })).toEqual(['convolution-halves-by-4']);
    expect(names([1, 20, 9, 9], [24, 20, 1, 1], {})).toEqual(['pointwise-halves-by-3']);
    // An odd zero point, steps beyond 16 bits, and beyond what rounds without being clamped.
    for (const [scale, zero, kernel] of [
      [8, 101, 'pointwise-by-4'],
      [4e-4, 100, 'pointwise-by-4'],
      [1e-5, 100, 'convolution-codes'],
    ] as const) {
      const to = perTensor('uint8', scale, zero, 'a test');
      expect(names([1, 16, 9, 9], [24, 16, 1, 1], {}, to)).toEqual([kernel]);
    }
    expect(names([1, 16, 9, 9], [16, 1, 3, 3], { pads, group: attr.int(16) })).toEqual(['depthwise-3x3']);
    const strides = attr.ints([2, 2]);
    expect(names([1, 16, 9, 9], [16, 1, 3, 3], { pads, strides, group: attr.int(16) })).toEqual([
      'depthwise-3x3-stride-2',
    ]);
    expect(names([1, 16, 9, 9], [16, 8, 3, 3], { pads, group: attr.int(2) })).toEqual([
      'convolution-halves',
      'convolution-halves',
    ]);
    expect(names([1, 1280, 1, 1], [40, 1280, 1, 1], {})).toEqual(['thin-product']);
  });
});

test.each([
  [1, 'depthwise-3x3'],
  [2, 'depthwise-3x3-stride-2'],
])('depthwise rows that no first cache holds go in parts, with stride %i', (stride, kernel) => {
  const channels = 2000;
  const quant = perTensor('uint8', 0.5, 3, 'a test');
  const setting: Setting = {
    seed: 3,
    quant,
    to: quant,
    bias: 'codes',
    scales: 'each',
    coarse: 8,
    split: 0.5,
  };
  const strides = attr.ints([stride, stride]);
  const ran = runLowered(
    {
      op: 'Conv',
      attributes: { group: attr.int(channels), pads: attr.ints([1, 1, 1, 1]), strides },
      inputs: [
        { tensor: codes([1, channels, 5, 5], 1, 'uint8'), quant, layout: 'last' },
        ...constants(setting, [channels, 1, 3, 3], 0, channels),
      ],
      outputs: [{ quant: perTensor('uint8', 9, 100, 'a test'), layout: 'last' }],
    },
    setting.split,
  );
  expect(firstDifference(ran)).toBe(undefined);
  // Columns of an odd width: the last part has one.
  expect(ran.kernels.filter((name) => name === kernel)).toHaveLength(2);
});

describe('ConvTranspose', () => {
  test('by the remainders of its strides', () => {
    const padding = fc.tuple(fc.nat(2), fc.nat(2));
    fc.assert(
      fc.property(
        settings,
        windows,
        padding,
        small(2),
        small(9),
        small(12),
        (setting, window, more, group, i, o) => {
          const { rank, kernel, strides, dilations, pads, extra } = window;
          const cut = <T>(values: readonly T[]): T[] => values.slice(2 - rank);
          const spans = kernel.map((k, a) => (k - 1) * dilations[a]! + 1);
          // Less padding than the result is long.
          const begin = spans.map((s, a) => Math.min(pads[a]!, s - 1));
          const end = spans.map((s, a) => Math.min(pads[2 + a]!, s - 1 - begin[a]!));
          const output = more.map((m, a) => Math.min(m, Math.max(strides[a]!, dilations[a]!) - 1));
          const scales = group === 1 ? setting.scales : 'one';
          holds(
            { ...setting, scales },
            [window.images, i * group, ...cut(extra).map((e) => e + 1)],
            {
              op: 'ConvTranspose',
              attributes: {
                strides: attr.ints(cut(strides)),
                dilations: attr.ints(cut(dilations)),
                pads: attr.ints([...cut(begin), ...cut(end)]),
                output_padding: attr.ints(cut(output)),
                group: attr.int(group),
              },
            },
            constants({ ...setting, scales }, [i * group, o, ...cut(kernel)], 1, o * group),
            'last',
          );
        },
      ),
      { numRuns: 120 },
    );
  });
});

describe('products with constant matrices', () => {
  test('MatMul', () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(small(4), { maxLength: 4 }),
        small(40),
        small(30),
        (setting, rows, k, n) => {
          const [weight] = constants(setting, [k, n], 1, n);
          holds(setting, [...rows, k], { op: 'MatMul' }, [weight], 'dense');
        },
      ),
      { numRuns: 100 },
    );
  });

  test('Gemm', () => {
    fc.assert(
      fc.property(
        settings,
        fc.tuple(small(9), small(40), small(30)),
        fc.boolean(),
        fc.boolean(),
        (setting, [m, k, n], transA, transB) => {
          holds(
            setting,
            transA ? [k, m] : [m, k],
            { op: 'Gemm', attributes: { transA: attr.int(+transA), transB: attr.int(+transB) } },
            constants(setting, transB ? [n, k] : [k, n], transB ? 0 : 1, n),
            'dense',
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('products of matrices that are both computed', () => {
  test('MatMul', () => {
    const matrices = fc.record({
      batch: fc.array(small(3), { maxLength: 2 }),
      /** Whether each operand is the same for all of the batch. */
      one: fc.tuple(fc.boolean(), fc.boolean()),
      vectors: fc.tuple(fc.nat(9), fc.nat(9)),
      quant: quants,
      turned: fc.boolean(),
    });
    fc.assert(
      fc.property(
        settings,
        matrices,
        fc.tuple(small(14), small(40), small(30)),
        (setting, given, [m, k, n]) => {
          const { batch, one, vectors, quant } = given;
          const left = vectors[0] === 0 ? [k] : [...(one[0] ? [] : batch), m, k];
          const right = vectors[1] === 0 ? [k] : [...(one[1] ? batch.map(() => 1) : batch), k, n];
          const operand: TestValue = {
            tensor: codes(right, setting.seed + 1, quant.dtype as 'uint8'),
            quant,
            // As after a Transpose without a copy: channels apart, places together.
            layout: given.turned && right.length > 2 ? 'last' : 'dense',
          };
          holds(setting, left, { op: 'MatMul' }, [operand], 'dense');
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what is refused', () => {
  const quant = perTensor('uint8', 0.01, 0, 'a test');
  const data = (dims: readonly number[]): TestValue => ({ tensor: codes(dims, 1, 'uint8'), quant });
  const run = (node: TestNode) => () => runLowered(node);
  test('sums that 32 bits do not hold', () => {
    const k = 70000;
    const weight: TestValue = {
      tensor: Tensor.of('int8', [k, 1], new Int8Array(k).fill(127)),
      quant: perTensor('int8', 0.01, 0, 'a test'),
      constant: true,
    };
    // The data are zeros, so that the reference's own sums stay small.
    const zeros: TestValue = { tensor: Tensor.of('uint8', [1, k], new Uint8Array(k)), quant };
    expect(run({ op: 'MatMul', inputs: [zeros, weight], outputs: [{ quant }] })).toThrow(
      'which 32 bits do not hold',
    );
  });
  test('weights far from their zero point', () => {
    const weight: TestValue = {
      tensor: codes([8, 8], 1, 'uint8'),
      quant: perTensor('uint8', 0.01, 0, 'a test'),
      constant: true,
    };
    expect(run({ op: 'MatMul', inputs: [data([2, 8]), weight], outputs: [{ quant }] })).toThrow(
      'further than 8 signed bits',
    );
  });
});
