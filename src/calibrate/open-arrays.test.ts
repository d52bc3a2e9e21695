import { describe, expect, test } from 'vitest';
import { bufferSource } from '../base/bytes.ts';
import type { DType, NumericDType, Port, Shape } from '../ir/index.ts';
import { Tensor, tensorType } from '../ir/index.ts';
import type { Dataset, Sample } from './dataset.ts';
import type { ImageOptions } from './images/index.ts';
import { normalizeValue, presets } from './images/index.ts';
import type { NpyArray } from './npy.ts';
import type { ArraySource } from './open-arrays.ts';
import { openArrays } from './open-arrays.ts';

function array(
  name: string,
  dtype: NumericDType,
  dims: readonly number[],
  values: readonly number[],
): NpyArray {
  const bytes = Tensor.from(dtype, dims, values).bytes();
  const data = { source: bufferSource(bytes), offset: 0, length: bytes.length };
  return { name: `d.npz, array '${name}'`, dtype, dims, bigEndian: false, fortranOrder: false, data };
}

type Entry = readonly [NumericDType, readonly number[], readonly number[]];

function source(entries: Readonly<Record<string, Entry>>): ArraySource {
  return { name: 'd.npz', names: Object.keys(entries), open: (name) => array(name, ...entries[name]!) };
}

const port = (name: string, shape: Shape | undefined, dtype: DType = 'float32'): Port => ({
  name,
  type: tensorType(dtype, shape),
});

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

async function first(entry: Entry, input: Port, options: ImageOptions = {}) {
  const opened = openArrays(source({ a: entry }), [input], options);
  const [sample] = await all(opened);
  const tensor = sample!.inputs[input.name]!;
  return {
    dtype: tensor.dtype,
    dims: tensor.dims,
    values: tensor.toNumbers(),
    notes: opened.notes.map((n) => n.code),
  };
}

test('arrays feed the inputs of their names; labels and splits stand beside them', async () => {
  const opened = openArrays(
    source({
      b: ['int64', [2, 2], [1, 2, 3, 4]],
      a: ['float32', [2, 1], [5, 6]],
      y: ['uint8', [2, 1], [9, 0]],
      split: ['int32', [2], [1, 0]],
      more: ['float32', [1], [0]],
    }),
    [port('a', ['N', 1]), port('b', ['N', 'T'], 'int64')],
  );
  const samples = await all(opened);
  expect(samples.map((s) => [s.index, s.name, s.label, s.split])).toEqual([
    [0, 'd.npz[0]', 9, 'eval'],
    [1, 'd.npz[1]', 0, 'calib'],
  ]);
  expect(samples[1]!.inputs.b!.toNumbers()).toEqual([3, 4]);
  expect([opened.describe, opened.classes, opened.splits]).toEqual([
    '2 samples in arrays, 1 calib / 1 eval',
    2,
    ['eval', 'calib'],
  ]);
  expect(opened.notes).toEqual([
    { code: 'arrays-ignored', where: 'd.npz', what: "no input is named 'more'" },
  ]);
});

test('an input called y is an input, not labels', async () => {
  const opened = openArrays(source({ y: ['float32', [1, 2], [1, 2]] }), [port('y', ['N', 2])]);
  expect((await all(opened))[0]!.inputs.y!.toNumbers()).toEqual([1, 2]);
  expect(opened.classes).toBeUndefined();
});

describe('axes', () => {
  const floats = (...dims: number[]): Entry => ['float32', dims, count(dims.reduce((a, b) => a * b, 1))];

  test('samples in front of the shape of the model', async () => {
    expect((await first(floats(2, 4), port('x', ['N', 4]))).dims).toEqual([1, 4]);
    expect((await first(floats(2, 1, 4), port('x', [1, 4]))).dims).toEqual([1, 4]);
    expect((await first(floats(2, 3, 4), port('x', [3, 4]))).dims).toEqual([3, 4]);
    expect((await first(floats(2, 3, 4), port('x', undefined))).dims).toEqual([1, 3, 4]);
  });

  test('channels last become first, and the other way round', async () => {
    const planar = await first(floats(1, 2, 2, 3), port('x', ['N', 3, 2, 2]));
    expect([planar.dims, planar.values]).toEqual([
      [1, 3, 2, 2],
      [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11],
    ]);
    const last = await first(floats(1, 3, 2, 2), port('x', [1, 2, 2, 3]));
    expect([last.dims, last.values]).toEqual([
      [1, 2, 2, 3],
      [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
    ]);
    expect((await first(floats(1, 2, 4), port('x', [1, 1, 2, 4]))).dims).toEqual([1, 1, 2, 4]);
  });

  test('another shape is said with both', () => {
    expect(() => openArrays(source({ a: floats(2, 5) }), [port('x', ['N', 4])])).toThrow(
      "d.npz, array 'a': its shape is [2, 5], input 'x' takes [samples, 4]. The first axis is the sample, the others must be those of the input",
    );
    expect(() => openArrays(source({ a: ['float32', [], [1]] }), [port('x', [])])).toThrow('its shape is []');
  });
});

describe('values', () => {
  const pixels: Entry = ['uint8', [1, 3, 1, 2], [0, 255, 10, 20, 30, 40]];
  const image = port('x', ['N', 3, 1, 2]);

  test('a preset applies to integers, by channel', async () => {
    const { values, notes } = await first(pixels, image, { preset: 'imagenet' });
    expect(values).toEqual(
      pixels[2].map((v, i) => normalizeValue(v, presets.imagenet, (i >> 1) as 0 | 1 | 2)),
    );
    expect(notes).toEqual([]);
    const wide = await first(['int32', pixels[1], pixels[2]], image, { preset: 'imagenet' });
    expect(wide.values).toEqual(values);
    const last = await first(['uint8', [1, 1, 2, 3], [0, 10, 30, 255, 20, 40]], image, {
      preset: 'imagenet',
    });
    expect(last.values).toEqual(values);
  });

  test('integers without a preset go as they are, and that is noted', async () => {
    expect(await first(pixels, image)).toEqual({
      dtype: 'float32',
      dims: [1, 3, 1, 2],
      values: pixels[2],
      notes: ['integers-as-is'],
    });
  });

  test('floats go as they are in spite of a preset, but not of a flag', async () => {
    const floats: Entry = ['float32', [1, 3, 1, 1], [1, 2, 3]];
    const input = port('x', ['N', 3, 1, 1]);
    const options = { layout: 'nchw' } as const;
    expect(await first(floats, input, { ...options, preset: 'imagenet' })).toMatchObject({
      values: [1, 2, 3],
      notes: ['preset-not-applied'],
    });
    const { values } = await first(floats, input, { ...options, scale: 2, mean: [1, 2, 3], std: [1, 2, 4] });
    expect(values).toEqual([1, 1, 0.75]);
    expect((await first(['float16', [1, 1], [0x3c00]], port('x', ['N', 1]))).values).toEqual([1]);
    expect((await first(['float64', [1, 1], [0.1]], port('x', ['N', 1]))).values).toEqual([Math.fround(0.1)]);
  });

  test('one mean and std serve data without channels', async () => {
    const { values } = await first(['int8', [1, 2], [83, 85]], port('x', ['N', 2]), {
      mean: [83],
      std: [0.5],
    });
    expect(values).toEqual([0, 4]);
    expect(() =>
      openArrays(source({ a: ['int8', [1, 2], [1, 2]] }), [port('x', ['N', 2])], { preset: 'imagenet' }),
    ).toThrow("d.npz, array 'a': mean and std are for three channels, input 'x' has none");
  });

  test('integers change their type where every value fits', async () => {
    const input = port('x', ['N', 2], 'int64');
    expect(await first(['int32', [1, 2], [-1, 7]], input)).toMatchObject({ dtype: 'int64', values: [-1, 7] });
    await expect(first(['int32', [1, 2], [0, 300]], port('x', ['N', 2], 'uint8'))).rejects.toThrow(
      "d.npz, array 'a', sample 0: 300 does not fit input 'x', which takes uint8 (0 to 255). Check the array, or save it in the type of the input",
    );
    await expect(first(['float32', [1, 2], [0, 1]], input)).rejects.toThrow(
      `d.npz, array 'a': it holds float32, input 'x' takes int64. Save array.astype("int64")`,
    );
  });
});

describe('ids and masks', () => {
  const inputs = [
    port('ids', ['N', 2], 'int64'),
    port('mask', ['N', 2], 'bool'),
    port('types', ['N', 2], 'int32'),
    port('weight', ['N', 2]),
  ];
  const entries: Readonly<Record<string, Entry>> = {
    ids: ['int32', [2, 2], [101, -1, 7, 0]],
    mask: ['int64', [2, 2], [1, 1, 1, 0]],
    types: ['bool', [2, 2], [0, 1, 1, 0]],
    weight: ['bool', [2, 2], [1, 1, 0, 1]],
  };

  test('integers and bools become the type of their input', async () => {
    const samples = await all(openArrays(source(entries), inputs));
    const second = samples[1]!.inputs;
    expect(
      inputs.map(({ name }) => [second[name]!.dtype, second[name]!.dims, second[name]!.toNumbers()]),
    ).toEqual([
      ['int64', [1, 2], [7, 0]],
      ['bool', [1, 2], [1, 0]],
      ['int32', [1, 2], [1, 0]],
      ['float32', [1, 2], [0, 1]],
    ]);
  });

  test('a value out of range, a float, another count and a missing array are said', async () => {
    const open = (over: Readonly<Record<string, Entry | undefined>>) =>
      openArrays(
        source(
          Object.fromEntries(
            Object.entries({ ...entries, ...over }).filter((e): e is [string, Entry] => e[1] !== undefined),
          ),
        ),
        inputs,
      );
    await expect(all(open({ mask: ['int64', [2, 2], [1, 1, 1, 2]] }))).rejects.toThrow(
      "d.npz, array 'mask', sample 1: 2 does not fit input 'mask', which takes bool (0 to 1)",
    );
    await expect(all(open({ types: ['int64', [2, 2], [2 ** 31, 0, 0, 0]] }))).rejects.toThrow(
      "2147483648 does not fit input 'types', which takes int32 (-2147483648 to 2147483647)",
    );
    expect(() => open({ ids: ['float64', [2, 2], [1, 2, 3, 4]] })).toThrow(
      "d.npz, array 'ids': it holds float64, input 'ids' takes int64",
    );
    expect(() => open({ types: ['int32', [3, 2], [0, 0, 0, 0, 0, 0]] })).toThrow(
      "d.npz, array 'types': there are 3 of them where d.npz, array 'ids' has 2 samples",
    );
    expect(() => open({ mask: undefined })).toThrow(
      "d.npz: there is no array for input 'mask'; there are 'ids', 'types', 'weight'",
    );
  });
});

test('what is missing or wrong is said', () => {
  const x = port('x', ['N', 1]);
  const one: Entry = ['float32', [1, 1], [0]];
  const open =
    (entries: Readonly<Record<string, Entry>>, inputs: readonly Port[] = [x]) =>
    () =>
      openArrays(source(entries), inputs);
  expect(open({ a: one, b: one })).toThrow(
    "d.npz: there is no array for input 'x'; there are 'a', 'b'. Name the arrays after the inputs of the model",
  );
  expect(open({ labels: one })).toThrow("there is no array for input 'x'; there is none at all");
  expect(open({ x: one, z: ['float32', [2, 1], [0, 1]] }, [x, port('z', ['N', 1])])).toThrow(
    "d.npz, array 'z': there are 2 of them where d.npz, array 'x' has 1 samples",
  );
  expect(open({ x: one, y: ['float32', [1], [0]] })).toThrow(
    "d.npz, array 'y': labels are one class index a sample, this is float32 [1]. Save one integer a sample",
  );
  expect(open({ x: one, y: ['int8', [1], [-1]] })).toThrow(
    "d.npz, array 'y': entry 0 is -1, not a class index from 0",
  );
  expect(open({ x: one, split: ['int8', [1], [2]] })).toThrow('entry 0 is 2, not 0 (calib) or 1 (eval)');
  expect(open({ x: ['float32', [0, 1], []] })).toThrow(
    'd.npz: its arrays hold no sample. Give at least one sample',
  );
});
