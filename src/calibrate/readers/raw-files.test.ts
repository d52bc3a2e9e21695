import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DType, Port, Shape } from '../../ir/index.ts';
import { tensorType } from '../../ir/index.ts';
import type { Dataset, Sample } from '../dataset.ts';
import { normalizeValue, presets } from '../images/index.ts';
import type { DataOptions } from './open-dataset.ts';
import { openDataset } from './open-dataset.ts';

const port = (name: string, shape: Shape | undefined, dtype: DType = 'float32'): Port => ({
  name,
  type: tensorType(dtype, shape),
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-raw-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string | ArrayBufferView>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content as Uint8Array);
  }
}

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

const open = (path: string, inputs: readonly Port[], options: DataOptions = {}) =>
  openDataset(join(folder, path), inputs, options);

async function messageOf(path: string, inputs: readonly Port[], options: DataOptions = {}): Promise<string> {
  const error = await open(path, inputs, options).catch((cause: Error) => cause);
  return (error as Error).message.replaceAll(folder, 'DIR');
}

const x = port('x', ['N', 3]);

test('a file holds samples one after the other, of the type and shape of the input', async () => {
  put({ 'all.bin': Float32Array.of(1, 2, 3, 4, 5, 6), 'all.raw': BigInt64Array.of(7n, 8n) });
  const opened = await open('all.bin', [x]);
  expect((await all(opened)).map((s) => s.inputs.x!.toNumbers())).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect([opened.describe, opened.notes]).toEqual(['2 samples in arrays', []]);
  const [, second] = await all(await open('all.raw', [port('ids', [1, 1], 'int64')]));
  expect(second!.inputs.ids!.data('int64')).toEqual(BigInt64Array.of(8n));
});

test('bytes of another type and layout are converted as arrays are', async () => {
  const pixels = Uint8Array.of(0, 10, 30, 255, 20, 40);
  put({ 'pixels.bin': pixels });
  const image = [port('x', [1, 3, 1, 2])];
  const [sample] = await all(
    await open('pixels.bin', image, { rawDtype: 'uint8', rawShape: [1, 2, 3], preset: 'imagenet' }),
  );
  const planar = [0, 255, 10, 20, 30, 40];
  expect(sample!.inputs.x!.toNumbers()).toEqual(
    planar.map((v, i) => normalizeValue(v, presets.imagenet, (i >> 1) as 0 | 1 | 2)),
  );
  const [asIs] = await all(await open('pixels.bin', image, { rawDtype: 'uint8', rawShape: [1, 3, 1, 2] }));
  expect(asIs!.inputs.x!.toNumbers()).toEqual(Array.from(pixels));
});

describe('a folder', () => {
  test('of one file a sample, labelled by table or folder', async () => {
    put({
      'cat/1.bin': Float32Array.of(1, 1, 1),
      'cat/2.bin': Float32Array.of(2, 2, 2),
      'dog/3.raw': Float32Array.of(3, 3, 3),
    });
    const opened = await open('.', [x]);
    expect((await all(opened)).map((s) => [s.name, s.label, s.inputs.x!.toNumbers()[0]])).toEqual([
      ['cat/1.bin', 0, 1],
      ['dog/3.raw', 1, 3],
      ['cat/2.bin', 0, 2],
    ]);
    expect([opened.describe, opened.classes]).toEqual(['3 raw files', 2]);
    put({ 'labels.csv': 'file,label,split\ncat/1.bin,5,train\ndog/3.raw,6,test\n' });
    const table = await open('.', [x]);
    expect((await all(table)).map((s) => [s.name, s.label, s.split])).toEqual([
      ['cat/1.bin', 5, 'calib'],
      ['dog/3.raw', 6, 'eval'],
    ]);
    expect(table.notes.map((n) => [n.code, n.what])).toEqual([
      ['files-not-in-table', '1 files it does not name are left out'],
    ]);
  });

  test('of one file an input', async () => {
    put({ 'ids.bin': BigInt64Array.of(1n, 2n, 3n, 4n), 'mask.bin': Uint8Array.of(1, 0) });
    const inputs = [port('ids', ['N', 2], 'int64'), port('mask', ['N', 1], 'bool')];
    const samples = await all(await open('.', inputs));
    expect(samples.map((s) => [s.inputs.ids!.toNumbers(), s.inputs.mask!.toNumbers()])).toEqual([
      [[1, 2], [1]],
      [[3, 4], [0]],
    ]);
    expect(await messageOf('.', inputs, { rawDtype: 'int8' })).toBe(
      'option raw-dtype: the model has 2 inputs, and it would hold for all of them. Leave it out where the files hold what the inputs take; save .npy files otherwise',
    );
    put({ 'mask.bin': Uint8Array.of(1, 0, 1) });
    expect(await messageOf('.', inputs)).toBe(
      'DIR/mask.bin: there are 3 of them where DIR/ids.bin has 2 samples. Give as many of each; the first axis is the sample',
    );
  });
});

describe('what does not fit is said', () => {
  test.each<[string, readonly Port[], DataOptions, string]>([
    [
      'a size that does not divide',
      [port('x', ['N', 2])],
      {},
      'DIR/a.bin: its 12 bytes are no whole number of samples: one of float32 [2] takes 8. Say with --raw-dtype and --raw-shape what the file holds; a header has to be cut off',
    ],
    [
      'an open shape',
      [port('x', ['N', 'T'])],
      {},
      "input 'x': its shape [N, T] is open, so raw bytes cannot be told apart. Give the shape of one sample (--raw-shape 3x224x224) or, of a model with several inputs, the sizes (--dim T=8)",
    ],
    [
      'no shape',
      [port('x', undefined)],
      {},
      "input 'x': its shape is unknown, so raw bytes cannot be told apart. Give the shape of one sample, for example --raw-shape 3x224x224",
    ],
    [
      'a shape of nothing',
      [x],
      { rawShape: [0, 3] },
      'option raw-shape: [0, 3] is no shape of a sample. Give whole numbers from 1, for example --raw-shape 3x224x224',
    ],
    [
      'another shape',
      [x],
      { rawShape: [1], rawDtype: 'uint8' },
      "DIR/a.bin: its shape is [12, 1], input 'x' takes [samples, 3]. The first axis is the sample, the others must be those of the input",
    ],
    [
      'strings',
      [port('x', ['N'], 'string')],
      {},
      'option raw-dtype: elements of type string are not read from raw files. Give --raw-dtype float32, or another type of number',
    ],
    [
      'several inputs',
      [x, port('y', ['N', 3])],
      {},
      "DIR/a.bin: a raw file feeds one input, this model has 2: 'x', 'y'. Give a folder with <input>.bin for each of them",
    ],
  ])('%s', async (_, inputs, options, message) => {
    put({ 'a.bin': Float32Array.of(1, 2, 3) });
    expect(await messageOf('a.bin', inputs, options)).toBe(message);
  });

  test('an empty file, and files of unequal counts', async () => {
    put({ 'none.bin': new Uint8Array(0) });
    expect(await messageOf('none.bin', [x])).toContain('its 0 bytes are no whole number of samples');
    put({ 'in/1.bin': Float32Array.of(1, 2, 3), 'in/2.bin': new Float32Array(6) });
    expect(await messageOf('in', [x])).toBe(
      'DIR/in/2.bin: its 24 bytes are 2 samples, and there are 2 such files. Keep one sample in each file, or all of them in one file',
    );
    put({ 'in/a.npy': '' });
    expect(await messageOf('in', [x])).toBe(
      'DIR/in: it holds both .npy files and raw files. Keep them in folders of their own',
    );
  });
});

const tiny = new URL('../../../../shared/data/mlperf-tiny', import.meta.url).pathname;

test.skipIf(!existsSync(tiny))(
  'the data of MLPerf Tiny as they come (skipped where ../shared/data/mlperf-tiny is absent)',
  async () => {
    const mfcc = join(tiny, 'kws01_mfcc_i8.bin');
    const opened = await openDataset(mfcc, [port('input', ['N', 1, 49, 10])], {
      rawDtype: 'int8',
      mean: [83],
      std: [1 / 0.5847029],
    });
    expect([opened.size, opened.notes]).toEqual([1000, []]);
    const [sample] = await all(opened.only([999]));
    const raw = new Int8Array(readFileSync(mfcc)).subarray(999 * 490);
    expect(sample!.inputs.input!.dims).toEqual([1, 1, 49, 10]);
    for (const at of [0, 489])
      expect(sample!.inputs.input!.toNumbers()[at]).toBeCloseTo((raw[at]! - 83) * 0.5847029, 4);
    // Images stored HWC, for a model that takes CHW.
    put({
      'vww.bin': gunzipSync(readFileSync(join(tiny, 'vww01_rgb_u8.bin.gz'))).subarray(0, 5 * 96 * 96 * 3),
    });
    const images = await open('vww.bin', [port('input', ['N', 3, 96, 96])], {
      rawDtype: 'uint8',
      rawShape: [96, 96, 3],
      preset: '0-1',
    });
    const [first] = await all(images);
    expect([images.size, first!.inputs.input!.dims]).toEqual([5, [1, 3, 96, 96]]);
    const bytes = readFileSync(join(folder, 'vww.bin'));
    expect(first!.inputs.input!.data('float32')[2 * 96 * 96 + 50]).toBe(
      Math.fround(bytes[50 * 3 + 2]! / 255),
    );
  },
);
