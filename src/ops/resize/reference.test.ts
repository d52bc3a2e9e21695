// Resize against onnxruntime: modes, coordinates, roundings, antialias, crops, opsets 10 to 19.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import type { Seeded } from '../../../test/support/seeded-tensor.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, float, string } = attr;
// onnxruntime mixes in float32.
const close = { relative: 1e-4, absolute: 1e-5 };

const modes = [
  'half_pixel',
  'pytorch_half_pixel',
  'asymmetric',
  'align_corners',
  'half_pixel_symmetric',
  'tf_crop_and_resize',
] as const;
const roundings = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
const numbers = (...values: number[]): Tensor => Tensor.from('float32', [values.length], values);
const roi = numbers(0, 0, 0.1, 0.3, 1, 1, 0.8, 1.2);

function resize(random: Seeded, coordinates: string, more: Partial<OneNode>['attributes'] = {}): OneNode {
  const data = random.floats(1, 2, random.int(2, 6), random.int(2, 6));
  const sized = random.int(0, 1) === 1;
  // The last axis always changes: where none does, onnxruntime copies, whatever the crop or the scale.
  const to = sized
    ? int64s(1, 2, random.int(1, 9), random.int(7, 9))
    : numbers(1, 1, random.pick([0.6, 1, 1.5, 2.3, 3]), random.pick([0.6, 0.9, 2, 2.7]));
  const crop = coordinates === 'tf_crop_and_resize' ? roi : undefined;
  return {
    op: 'Resize',
    opset: 19,
    inputs: sized ? [data, crop, undefined, to] : [data, crop, to],
    attributes: {
      coordinate_transformation_mode: string(coordinates),
      extrapolation_value: float(7),
      ...more,
    },
  };
}

const seeds = [1, 2, 3, 4, 5, 6];

describe.each(modes)('%s', (coordinates) => {
  test.each(roundings)('nearest, %s', async (rounding) => {
    for (const seed of seeds)
      await expectReferenceAgrees(resize(seeded(seed), coordinates, { nearest_mode: string(rounding) }));
  });

  test('linear', async () => {
    for (const seed of seeds)
      await expectReferenceAgrees(resize(seeded(seed), coordinates, { mode: string('linear') }), close);
  });

  test.each([0, 1])('cubic, exclude_outside %i', async (exclude) => {
    const more = { mode: string('cubic'), exclude_outside: int(exclude), cubic_coeff_a: float(-0.5) };
    for (const seed of seeds) await expectReferenceAgrees(resize(seeded(seed), coordinates, more), close);
  });
});

describe.each(['half_pixel', 'align_corners', 'asymmetric'])('antialias, %s', (coordinates) => {
  test.each(['linear', 'cubic'])('%s', async (mode) => {
    for (const exclude of [0, 1])
      for (const seed of seeds)
        await expectReferenceAgrees(
          resize(seeded(seed), coordinates, {
            mode: string(mode),
            antialias: int(1),
            exclude_outside: int(exclude),
          }),
          close,
        );
  });
});

describe('sizes', () => {
  const data = seeded(5).floats(1, 3, 4, 6);

  test.each(['stretch', 'not_larger', 'not_smaller'])('axes, %s', async (policy) => {
    for (const mode of ['nearest', 'linear'])
      await expectReferenceAgrees(
        {
          op: 'Resize',
          opset: 18,
          inputs: [data, undefined, undefined, int64s(7, 8)],
          attributes: {
            // onnxruntime forgets about negative axes under a policy.
            axes: attr.ints(policy === 'stretch' ? [2, -1] : [2, 3]),
            keep_aspect_ratio_policy: string(policy),
            mode: string(mode),
          },
        },
        close,
      );
  });

  test('every axis may change', async () => {
    // onnxruntime has linear for the last two or three axes.
    for (const dims of [[5], [3, 5], [2, 3, 5]])
      for (const mode of dims.length === 2 ? ['nearest', 'linear'] : ['nearest'])
        await expectReferenceAgrees(
          {
            op: 'Resize',
            opset: 13,
            inputs: [
              seeded(dims.length).floats(...dims),
              undefined,
              numbers(...dims.map((_, i) => 0.6 + 0.7 * i)),
            ],
            attributes: { mode: string(mode) },
          },
          close,
        );
  });

  test('shapes that cannot be are named', () => {
    const wrong: OneNode['inputs'][] = [
      [data, undefined, numbers(1, 1, 2)],
      [data, undefined, numbers(1, 1, 2, -2)],
      [data, undefined, numbers(1, 1, 2, 2), int64s(1, 3, 8, 12)],
      [data],
      [data, undefined, undefined, int64s(1, 3, -8, 12)],
      [Tensor.from('float32', [1, 0], []), undefined, undefined, int64s(1, 3)],
    ];
    for (const inputs of wrong) expect(() => runReference({ op: 'Resize', inputs })).toThrow('(Resize)');
    const large = int64s(1, 3, 2 ** 30, 2 ** 30);
    expect(() => runReference({ op: 'Resize', inputs: [data, undefined, undefined, large] })).toThrow(
      'too large',
    );
  });
});

describe('older opsets and other dtypes', () => {
  const data = seeded(9).floats(1, 2, 4, 6);

  test('Resize of opset 10', async () => {
    for (const mode of ['nearest', 'linear'])
      for (const scales of [numbers(1, 1, 0.6, 0.4), numbers(1, 1, 2, 1.7)]) {
        const spec = { op: 'Resize', opset: 10, inputs: [data, scales], attributes: { mode: string(mode) } };
        await expectReferenceAgrees(spec, close);
      }
  });

  test('Upsample, scales in an input or an attribute', async () => {
    for (const mode of ['nearest', 'linear']) {
      const more = { mode: string(mode) };
      await expectReferenceAgrees(
        { op: 'Upsample', opset: 9, inputs: [data, numbers(1, 1, 2, 1.7)], attributes: more },
        close,
      );
      const scales = attr.floats([1, 1, 3, 1.5]);
      await expectReferenceAgrees(
        { op: 'Upsample', opset: 7, inputs: [data], attributes: { ...more, scales } },
        close,
      );
    }
  });

  test('tf_half_pixel_for_nn', async () => {
    const attributes = {
      coordinate_transformation_mode: string('tf_half_pixel_for_nn'),
      nearest_mode: string('floor'),
    };
    await expectReferenceAgrees({
      op: 'Resize',
      opset: 11,
      inputs: [data, numbers(), numbers(1, 1, 1.3, 0.6)],
      attributes,
    });
  });

  test.each(['int8', 'uint8', 'int32'] as const)('nearest of %s; mixing it is refused', async (dtype) => {
    const whole = seeded(3).whole(dtype, [1, 1, 3, 4], [0, 100]);
    const inputs = [whole, undefined, numbers(1, 1, 2, 1.7)];
    await expectReferenceAgrees({ op: 'Resize', inputs });
    expect(() => runReference({ op: 'Resize', inputs, attributes: { mode: string('linear') } })).toThrow(
      'rounded',
    );
  });
});
