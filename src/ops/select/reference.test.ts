// Gathers, scatters and choices against onnxruntime: axes, negative indices, batches, reductions, dtypes.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import type { Seeded } from '../../../test/support/seeded-tensor.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, string } = attr;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** Data of a random dtype. */
function dataOf(random: Seeded, dims: readonly number[]): Tensor {
  const dtype = random.pick(['float32', 'float32', 'int32', 'int64'] as const);
  return dtype === 'float32' ? random.floats(...dims) : random.whole(dtype, dims, [-9, 9]);
}

function dimsOf(random: Seeded, rank: number): number[] {
  return Array.from({ length: rank }, () => random.int(1, 5));
}

describe.each(seeds)('seed %i', (seed) => {
  const random = seeded(seed);
  const dims = dimsOf(random, random.int(1, 4));
  const axis = random.int(-dims.length, dims.length - 1);
  const size = dims.at(axis)!;
  const fewer = dims.map((d) => random.int(1, d));

  test('GatherElements', async () => {
    const indices = random.whole('int64', fewer, [-size, size - 1]);
    await expectReferenceAgrees({
      op: 'GatherElements',
      inputs: [dataOf(random, dims), indices],
      attributes: { axis: int(axis) },
    });
  });

  test('GatherND', async () => {
    const batch = random.int(0, dims.length - 1);
    const depth = random.int(1, dims.length - batch);
    const least = Math.min(...dims.slice(batch, batch + depth));
    const shape = [...dims.slice(0, batch), ...dimsOf(random, random.int(0, 2)), depth];
    const indices = random.whole('int64', shape, [-least, least - 1]);
    await expectReferenceAgrees({
      op: 'GatherND',
      inputs: [dataOf(random, dims), indices],
      attributes: { batch_dims: int(batch) },
    });
  });

  test.each(['none', 'add', 'mul', 'max', 'min'])('ScatterElements, %s', async (reduction) => {
    const data = dataOf(random, dims);
    // Each index once on the axis: what a second replacement does is not defined.
    const shape = reduction === 'none' ? fewer.with(axis, 1) : fewer;
    const indices = random.whole('int64', shape, [-size, size - 1]);
    const updates =
      data.dtype === 'float32'
        ? random.floats(...shape)
        : random.whole(data.dtype as 'int32', shape, [-9, 9]);
    await expectReferenceAgrees({
      op: 'ScatterElements',
      opset: 18,
      inputs: [data, indices, updates],
      attributes: { axis: int(axis), reduction: string(reduction) },
    });
  });

  test.each(['none', 'add', 'mul', 'max', 'min'])('ScatterND, %s', async (reduction) => {
    const depth = random.int(1, dims.length);
    const least = Math.min(...dims.slice(0, depth));
    const rows = reduction === 'none' ? 1 : 3;
    const indices = random.whole('int64', [rows, depth], [0, least - 1]);
    const updates = random.floats(rows, ...dims.slice(depth));
    await expectReferenceAgrees({
      op: 'ScatterND',
      opset: 18,
      inputs: [random.floats(...dims), indices, updates],
      attributes: { reduction: string(reduction) },
    });
  });

  test('Trilu', async () => {
    const matrices = dataOf(random, [2, ...dimsOf(random, 2)]);
    for (const upper of [0, 1])
      for (const k of [undefined, Tensor.from('int64', [], [random.int(-6, 6)])])
        await expectReferenceAgrees({
          op: 'Trilu',
          inputs: [matrices, k],
          attributes: { upper: int(upper) },
        });
  });

  test('Compress', async () => {
    const along = random.whole('bool', [random.int(1, size)], [0, 1]);
    const data = random.floats(...dims);
    await expectReferenceAgrees({ op: 'Compress', inputs: [data, along], attributes: { axis: int(axis) } });
    const flat = random.whole('bool', [random.int(1, data.size)], [0, 1]);
    await expectReferenceAgrees({ op: 'Compress', inputs: [data, flat] });
  });

  test('OneHot', async () => {
    const indices = random.whole('int64', fewer, [-7, 7]);
    const values = Tensor.from('float32', [2], [-1, 3]);
    await expectReferenceAgrees({
      op: 'OneHot',
      inputs: [indices, int64s(5), values],
      attributes: { axis: int(random.int(-dims.length - 1, dims.length)) },
    });
  });

  test.each(['float32', 'int64', 'bool'] as const)('NonZero of %s', async (dtype) => {
    await expectReferenceAgrees({ op: 'NonZero', inputs: [random.whole(dtype, dims, [0, 1])] });
  });
});

describe('edges', () => {
  const { floats, whole } = seeded(1);

  test('Scatter was the name of ScatterElements', async () => {
    const inputs = [floats(3, 3), whole('int64', [1, 2], [0, 2]), floats(1, 2)];
    await expectReferenceAgrees({ op: 'Scatter', opset: 9, inputs });
  });

  test('sums of updates are rounded once; small integers wrap', () => {
    const spec = (dtype: 'float32' | 'int8', data: number, updates: readonly number[]): OneNode => ({
      op: 'ScatterElements',
      opset: 18,
      inputs: [
        Tensor.from(dtype, [1], [data]),
        Tensor.from(
          'int64',
          [updates.length],
          updates.map(() => 0),
        ),
        Tensor.from(dtype, [updates.length], updates),
      ],
      attributes: { reduction: string('add') },
    });
    expect(runReference(spec('int8', 100, [27]))[0]!.toNumbers()).toEqual([127]);
    expect(runReference(spec('int8', 100, [28]))[0]!.toNumbers()).toEqual([-128]);
    const nd: OneNode = {
      op: 'ScatterND',
      opset: 18,
      inputs: [
        Tensor.from('float32', [1], [2 ** 30]),
        Tensor.from('int64', [2, 1], [0, 0]),
        Tensor.from('float32', [2], [1, -(2 ** 30)]),
      ],
      attributes: { reduction: string('add') },
    };
    expect(runReference(nd)[0]!.toNumbers()).toEqual([1]);
  });

  test('a scalar that is not zero has one place of no axes', () => {
    expect(runReference({ op: 'NonZero', inputs: [Tensor.from('float32', [], [2])] })[0]!.dims).toEqual([
      0, 1,
    ]);
  });

  test('nothing is chosen of nothing', () => {
    const empty = Tensor.from('float32', [0, 3], []);
    const none = Tensor.from('int64', [0, 3], []);
    expect(runReference({ op: 'GatherElements', inputs: [empty, none] })[0]!.dims).toEqual([0, 3]);
    expect(runReference({ op: 'ScatterElements', inputs: [empty, none, empty] })[0]!.dims).toEqual([0, 3]);
    expect(runReference({ op: 'NonZero', inputs: [empty] })[0]!.dims).toEqual([2, 0]);
    expect(runReference({ op: 'Trilu', inputs: [empty] })[0]!.dims).toEqual([0, 3]);
  });

  test('indices and shapes that do not fit are named', () => {
    const data = floats(2, 3);
    const wrong: OneNode[] = [
      { op: 'GatherElements', inputs: [data, Tensor.from('int64', [1, 1], [2])] },
      { op: 'GatherElements', inputs: [data, Tensor.from('int64', [1, 4], [0, 0, 0, 0])] },
      { op: 'GatherElements', inputs: [data, Tensor.from('int64', [1], [0])] },
      { op: 'GatherND', inputs: [data, Tensor.from('int64', [1, 3], [0, 0, 0])] },
      { op: 'GatherND', inputs: [data, Tensor.from('int64', [1, 2], [0, 3])] },
      { op: 'ScatterElements', inputs: [data, Tensor.from('int64', [1, 1], [0]), floats(1, 2)] },
      { op: 'ScatterND', inputs: [data, Tensor.from('int64', [1, 1], [0]), floats(1, 2)] },
      { op: 'Compress', inputs: [data, Tensor.from('bool', [7], [1, 1, 1, 1, 1, 1, 1])] },
      { op: 'OneHot', inputs: [int64s(1), int64s(0), floats(2)] },
      { op: 'Trilu', inputs: [floats(3)] },
    ];
    for (const spec of wrong) expect(() => runReference(spec)).toThrow(`(${spec.op})`);
  });
});

describe('Pad', () => {
  test.each(['constant', 'edge', 'reflect', 'wrap'])('%s, and what negative amounts cut', async (mode) => {
    for (const seed of seeds) {
      const random = seeded(seed);
      const dims = Array.from({ length: random.int(1, 4) }, () => random.int(2, 5));
      // onnxruntime reflects once, and cuts in some other order.
      const amounts = [...dims, ...dims].map((d) =>
        mode === 'reflect' ? random.int(0, d - 1) : random.int(mode === 'constant' ? -1 : 0, d),
      );
      const data = dataOf(random, dims);
      const fill = Tensor.from(data.dtype as 'int32', [], [7]);
      await expectReferenceAgrees({
        op: 'Pad',
        opset: 19,
        inputs: [data, int64s(...amounts), ...(mode === 'constant' ? [fill] : [])],
        attributes: { mode: string(mode) },
      });
    }
  });

  test('what is cut off is not repeated, and a reflection goes on as often as it must', () => {
    const data = Tensor.from('int32', [4], [1, 2, 3, 4]);
    const padded = (mode: string, begin: number, end: number): readonly number[] =>
      runReference({
        op: 'Pad',
        inputs: [data, int64s(begin, end)],
        attributes: { mode: string(mode) },
      })[0]!.toNumbers();
    expect(padded('edge', -1, 2)).toEqual([2, 3, 4, 4, 4]);
    expect(padded('wrap', 2, -1)).toEqual([2, 3, 1, 2, 3]);
    expect(padded('reflect', 5, 4)).toEqual([2, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2]);
    expect(padded('constant', -5, 3)).toEqual([0, 0]);
  });

  test('a mode ONNX lacks, and nothing to pad with', () => {
    const spec = (dims: readonly number[], mode: string): OneNode => ({
      op: 'Pad',
      inputs: [Tensor.from('float32', dims, dims[0] === 0 ? [] : [1]), int64s(1, 1)],
      attributes: { mode: string(mode) },
    });
    expect(() => runReference(spec([1], 'mirror'))).toThrow("mode 'mirror'");
    expect(() => runReference(spec([0], 'edge'))).toThrow('nothing to pad with');
    expect(runReference(spec([1], 'reflect'))[0]!.toNumbers()).toEqual([1, 1, 1]);
  });
});
