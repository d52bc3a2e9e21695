// Boxes, regions, columns, crops, determinants and unique slices against onnxruntime.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import type { Seeded } from '../../../test/support/seeded-tensor.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, ints, float, string } = attr;
// onnxruntime sums in float32.
const close = { relative: 1e-4, absolute: 1e-5 };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const numbers = (...values: number[]): Tensor => Tensor.from('float32', [values.length], values);
const empty = (...dims: number[]): Tensor => Tensor.from('float32', dims, []);

describe('NonMaxSuppression', () => {
  /** Boxes on a grid of sixteenths: many meet, and scores repeat. */
  const boxes = (random: Seeded, batches: number, count: number, centred: number): OneNode => ({
    op: 'NonMaxSuppression',
    opset: 11,
    inputs: [
      Tensor.from(
        'float32',
        [batches, count, 4],
        Array.from({ length: 4 * batches * count }, (_, i) => random.int(i % 4 < 2 ? 0 : 1, 12) / 16),
      ),
      Tensor.from(
        'float32',
        [batches, 2, count],
        Array.from({ length: 2 * batches * count }, () => random.int(0, 8) / 8),
      ),
      int64s(random.int(0, 5)),
      numbers(random.pick([0, 0.25, 0.5, 0.9, 1])),
      numbers(random.pick([-1, 0, 0.4])),
    ],
    attributes: { center_point_box: int(centred) },
  });

  test.each([0, 1])('batches, classes, limits and thresholds, center_point_box %i', async (centred) => {
    for (const seed of seeds) {
      const random = seeded(seed);
      await expectReferenceAgrees(boxes(random, random.int(1, 3), random.int(1, 20), centred));
    }
  });

  test('inputs left out, and no box at all', async () => {
    const { inputs, ...node } = boxes(seeded(9), 1, 6, 0);
    await expectReferenceAgrees({ ...node, inputs: inputs.slice(0, 2) });
    await expectReferenceAgrees({ ...node, inputs: [...inputs.slice(0, 2), int64s(3)] });
    await expectReferenceAgrees({ ...node, inputs: [...inputs.slice(0, 2), int64s(3), numbers(0.5)] });
    await expectReferenceAgrees({ ...node, inputs: [empty(1, 0, 4), empty(1, 2, 0), int64s(3)] });
  });

  test('boxes and scores that do not belong together are named', () => {
    const [first, , ...rest] = boxes(seeded(9), 1, 6, 0).inputs;
    const scores = seeded(1).floats(1, 2, 5);
    expect(() => runReference({ op: 'NonMaxSuppression', inputs: [first, scores, ...rest] })).toThrow(
      'boxes [1,6,4] and scores [1,2,5] differ',
    );
  });
});

describe('RoiAlign', () => {
  const align = (random: Seeded, mode: string, ratio: number): OneNode => {
    const regions = random.int(1, 4);
    return {
      op: 'RoiAlign',
      opset: 16,
      inputs: [
        random.floats(2, 3, random.int(3, 9), random.int(3, 9)),
        // Some beyond the picture, some without extent; with a negative one onnxruntime cannot count its samples.
        Tensor.from(
          'float32',
          [regions, 4],
          Array.from({ length: regions }, () => [random.int(-3, 12), random.int(-3, 12)]).flatMap(
            ([x, y]) => [x!, y!, x! + random.int(0, 8), y! + random.int(0, 8)],
          ),
        ),
        random.whole('int64', [regions], [0, 1]),
      ],
      attributes: {
        output_height: int(random.int(1, 4)),
        output_width: int(random.int(1, 4)),
        sampling_ratio: int(ratio),
        spatial_scale: float(random.pick([0.25, 0.5, 1])),
        mode: string(mode),
      },
    };
  };

  test.each(['half_pixel', 'output_half_pixel'])('%s', async (coordinates) => {
    for (const ratio of [0, 1, 3])
      for (const seed of seeds) {
        const spec = align(seeded(seed), 'avg', ratio);
        await expectReferenceAgrees(
          {
            ...spec,
            attributes: { ...spec.attributes, coordinate_transformation_mode: string(coordinates) },
          },
          close,
        );
      }
  });

  test('the largest of the samples, in opsets 10 and 16', async () => {
    for (const opset of [10, 16]) {
      for (const seed of seeds)
        await expectReferenceAgrees({ ...align(seeded(seed), 'max', 1), opset }, close);
      // onnxruntime warns of it: of several samples it takes the largest weighted corner, as ONNX's own case does.
      await expectReferenceAgrees({ ...align(seeded(1), 'max', 2), opset }, close);
    }
  });

  test('a region of an image that is not there is named', () => {
    const [data, rois] = align(seeded(1), 'avg', 1).inputs as [Tensor, Tensor];
    const images = Tensor.from('int64', [rois.dims[0]!], new Array<number>(rois.dims[0]!).fill(2));
    expect(() => runReference({ op: 'RoiAlign', inputs: [data, rois, images] })).toThrow('none of 2 images');
  });
});

describe('Col2Im', () => {
  test('strides, dilations and pads, of one to three axes', async () => {
    for (const seed of seeds) {
      const random = seeded(seed);
      const rank = 1 + (seed % 3);
      const axes = Array.from({ length: rank }, () => {
        const [kernel, stride, dilation] = [random.int(1, 3), random.int(1, 2), random.int(1, 2)];
        const [begin, end] = [random.int(0, 1), random.int(0, 1)];
        const places = random.int(1, 3);
        const image = (places - 1) * stride + dilation * (kernel - 1) + 1 - begin - end;
        return { kernel, stride, dilation, begin, end, places, image };
      });
      if (axes.some((a) => a.image < 1)) continue;
      const product = (values: readonly number[]): number => values.reduce((n, v) => n * v, 1);
      const cells = product(axes.map((a) => a.kernel));
      await expectReferenceAgrees(
        {
          op: 'Col2Im',
          opset: 18,
          inputs: [
            random.floats(2, 2 * cells, product(axes.map((a) => a.places))),
            int64s(...axes.map((a) => a.image)),
            int64s(...axes.map((a) => a.kernel)),
          ],
          attributes: {
            strides: ints(axes.map((a) => a.stride)),
            dilations: ints(axes.map((a) => a.dilation)),
            pads: ints([...axes.map((a) => a.begin), ...axes.map((a) => a.end)]),
          },
        },
        close,
      );
    }
  });

  test('columns of another number are named', () => {
    const inputs = [seeded(1).floats(1, 4, 5), int64s(3, 3), int64s(2, 2)];
    expect(() => runReference({ op: 'Col2Im', opset: 18, inputs })).toThrow('[1,4,5] are no columns');
  });
});

describe('CenterCropPad', () => {
  test.each([
    [[5, 4], [3, 7], undefined],
    [[5, 4], [2, 1], undefined],
    [[5, 4, 3], [8], [-2]],
    [
      [5, 4, 3],
      [6, 2],
      [2, 0],
    ],
    [[0, 2], [3, 2], undefined],
  ] as const)('%j to %j along %j', async (dims, target, axes) => {
    for (const dtype of ['float32', 'int64'] as const)
      await expectReferenceAgrees({
        op: 'CenterCropPad',
        opset: 18,
        inputs: [seeded(1).whole(dtype, dims, [1, 99]), int64s(...target)],
        ...(axes === undefined ? {} : { attributes: { axes: ints([...axes]) } }),
      });
  });
});

describe('Det', () => {
  test.each([[[1, 1]], [[2, 2]], [[5, 5]], [[3, 4, 4]], [[2, 0, 3, 3]]])('%j', async (dims) => {
    await expectReferenceAgrees({ op: 'Det', inputs: [seeded(3).floats(...dims)] }, close);
  });

  test('singular ones, and rows that must be exchanged', async () => {
    const rows = Tensor.from('float32', [2, 2, 2], [0, 1, 1, 0, 1, 2, 2, 4]);
    expect(runReference({ op: 'Det', inputs: [rows] })[0]!.toNumbers()).toEqual([-1, 0]);
  });

  test('what is not square is named', () => {
    expect(() => runReference({ op: 'Det', inputs: [seeded(1).floats(2, 3)] })).toThrow('square');
  });
});

describe('Unique', () => {
  test.each([0, 1])('sorted %i', async (sorted) => {
    for (const dtype of ['float32', 'int64', 'int8'] as const)
      for (const axis of [undefined, 0, 1, -1])
        await expectReferenceAgrees({
          op: 'Unique',
          inputs: [seeded(7).whole(dtype, [4, 3, 2], [0, 1])],
          attributes: { sorted: int(sorted), ...(axis === undefined ? {} : { axis: int(axis) }) },
        });
  });

  test('nothing at all', async () => {
    await expectReferenceAgrees({ op: 'Unique', inputs: [empty(0)] });
  });
});
