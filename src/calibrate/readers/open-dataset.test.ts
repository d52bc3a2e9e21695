import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Port, Shape } from '../../ir/index.ts';
import { tensorType } from '../../ir/index.ts';
import type { Dataset, Sample } from '../dataset.ts';
import { splitDataset } from '../split.ts';
import { openDataset } from './open-dataset.ts';

const port = (name: string, shape: Shape): Port => ({ name, type: tensorType('float32', shape) });
const image = [port('x', ['N', 3, 4, 4])];
const raw = { preset: '0-255' } as const;

let folder = '';
let pictures: Readonly<Record<'red' | 'green' | 'blue', Buffer>>;

beforeAll(async () => {
  const solid = (r: number, g: number, b: number) =>
    sharp({ create: { width: 4, height: 4, channels: 3, background: { r, g, b } } })
      .png()
      .toBuffer();
  pictures = { red: await solid(255, 0, 0), green: await solid(0, 255, 0), blue: await solid(0, 0, 255) };
});
beforeEach(() => {
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), 'octavo-data-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

const brief = (samples: readonly Sample[]) => samples.map((s) => [s.name, s.label, s.split]);

async function messageOf(path: string, inputs: readonly Port[] = image, options = raw): Promise<string> {
  const error = await openDataset(path, inputs, options).catch((cause: Error) => cause);
  return (error as Error).message.replaceAll(folder, 'DIR');
}

describe('a folder of images', () => {
  test('without labels, sorted by path, links and dots minded', async () => {
    put({
      'b.png': pictures.green,
      'B.PNG': pictures.red,
      'in/a.png': pictures.blue,
      '._b.png': 'no image',
      'x.gif': 'GIF',
    });
    symlinkSync('..', join(folder, 'in', 'loop'));
    symlinkSync('../b.png', join(folder, 'in', 'link.png'));
    const opened = await openDataset(folder, image, raw);
    const samples = await all(opened);
    expect(brief(samples)).toEqual([
      ['B.PNG', undefined, undefined],
      ['b.png', undefined, undefined],
      ['in/a.png', undefined, undefined],
      ['in/link.png', undefined, undefined],
    ]);
    expect(samples[0]!.inputs.x!.dims).toEqual([1, 3, 4, 4]);
    expect(samples[0]!.inputs.x!.toNumbers()).toEqual([...Array(16).fill(255), ...Array(32).fill(0)]);
    expect([opened.describe, opened.size, opened.classes]).toEqual(['4 images in folder, 4x4', 4, undefined]);
    expect(opened.notes).toEqual([
      {
        code: 'images-not-read',
        where: folder,
        what: '1 .gif files are left out: .jpg, .jpeg, .png and .webp are read',
      },
    ]);
    expect(await all(opened.only([2]))).toMatchObject([{ index: 2, name: 'in/a.png' }]);
  });

  test('subfolders are classes, taken in turns', async () => {
    put({
      'dog/1.png': pictures.red,
      'dog/2.png': pictures.red,
      'cat/1.png': pictures.blue,
      'cat/deep/2.png': pictures.blue,
      'cat/3.png': pictures.blue,
    });
    const opened = await openDataset(folder, image, raw);
    expect(brief(await all(opened))).toEqual([
      ['cat/1.png', 0, undefined],
      ['dog/1.png', 1, undefined],
      ['cat/3.png', 0, undefined],
      ['dog/2.png', 1, undefined],
      ['cat/deep/2.png', 0, undefined],
    ]);
    expect(opened.classes).toBe(2);
  });

  test('train and val folders are splits', async () => {
    put({
      'train/dog/1.png': pictures.red,
      'train/cat/1.png': pictures.red,
      'val/dog/2.png': pictures.red,
    });
    const opened = await openDataset(folder, image, raw);
    expect(brief(await all(opened))).toEqual([
      ['train/cat/1.png', 0, 'calib'],
      ['train/dog/1.png', 1, 'calib'],
      ['val/dog/2.png', 1, 'eval'],
    ]);
    expect(opened.describe).toBe('3 images in folder, 2 calib / 1 eval, 4x4');
  });

  test('loose images beside subfolders: no classes, and a note', async () => {
    put({ 'a/1.png': pictures.red, 'b/1.png': pictures.red, 'c.png': pictures.red });
    const opened = await openDataset(folder, image, raw);
    expect(opened.notes.map((n) => n.code)).toEqual(['folders-not-classes']);
    expect(opened.classes).toBeUndefined();
  });
});

describe('labels.csv', () => {
  test('paths from its folder or from images/, splits by any of their words, other columns ignored', async () => {
    put({
      'images/1.png': pictures.red,
      'images/a, b.png': pictures.green,
      'more/3.png': pictures.blue,
      'images/unnamed.png': pictures.red,
      'labels.csv':
        '\ufefffile,author,label,split\r\n1.png,"Q ""the"" R,\r\nS",7,train\r\n"a, b.png",,0,VAL\r\nmore/3.png,,,\r\n',
    });
    const opened = await openDataset(folder, image, raw);
    expect(brief(await all(opened))).toEqual([
      ['images/1.png', 7, 'calib'],
      ['images/a, b.png', 0, 'eval'],
      ['more/3.png', undefined, undefined],
    ]);
    expect(opened.notes.map((n) => n.what)).toEqual(['1 images it does not name are left out']);
    expect([opened.describe, opened.classes]).toEqual(['3 images in folder, 1 calib / 1 eval, 4x4', 2]);
  });

  test('names count in sorted order, and are taken in turns without splits', async () => {
    put({
      '1.png': pictures.red,
      '2.png': pictures.red,
      '3.png': pictures.red,
      'labels.csv': 'label,file\nzebra,1.png\nzebra,2.png\nAnt,./3.png\n',
    });
    expect(brief(await all(await openDataset(folder, image, raw)))).toEqual([
      ['3.png', 0, undefined],
      ['1.png', 1, undefined],
      ['2.png', 1, undefined],
    ]);
  });

  const table = 'DIR/labels.csv';
  const bad: readonly (readonly [string, string, string])[] = [
    [
      'missing files',
      'file,label\n1.png,0\nm1.png,1\nm2.png,1\n../m3.png,1\nm4.png,1',
      `${table}: 4 of 5 images it names are not there: 'm1.png', 'm2.png', '../m3.png', .... Paths are taken from the table's folder or from 'images' in it; .jpg, .jpeg, .png and .webp are read`,
    ],
    [
      'no header',
      '1.png,0\n',
      `${table}, line 1: there is no column 'file' or none 'label'. Start with the line file,label or file,label,split`,
    ],
    [
      'no rows',
      'file,label\n',
      `${table}, line 1: there is no line under the header. Add a line for each of the images`,
    ],
    [
      'a stray comma',
      'file,label\n\n1,2.png,0\n',
      `${table}, line 3: there are 3 cells under 2 columns. Quote cells that contain commas`,
    ],
    [
      'twice',
      'file,label\n1.png,0\n./1.png,0\n',
      `${table}, line 3: './1.png' stands on line 2 already. Name each file once`,
    ],
    [
      'mixed labels',
      'file,label\n1.png,0\n2.png,cat\n',
      `${table}, line 3: label 'cat' is no class index from 0. Give whole numbers everywhere, or names everywhere`,
    ],
    [
      'negative label',
      'file,label\n1.png,-1\n',
      `${table}, line 2: label '-1' is no class index from 0. Give whole numbers everywhere, or names everywhere`,
    ],
    [
      'split',
      'file,label,split\n1.png,1,holdout\n',
      `${table}, line 2: 'holdout' is no split. Splits are calib, calibration, train, training, eval, evaluation, val, validation, valid, test`,
    ],
    [
      'open quote',
      'file,label\n"1.png,0\n',
      `${table}, line 2: a quote is opened and never closed. Put cells with commas, quotes or line breaks in double quotes, and double the quotes within`,
    ],
    [
      'stray quote',
      'file,label\n1"2.png,0\n',
      `${table}, line 2: a quote stands inside a cell. Put cells with commas, quotes or line breaks in double quotes, and double the quotes within`,
    ],
  ];
  test.each(bad)('%s', async (_, text, message) => {
    put({ '1.png': pictures.red, '2.png': pictures.red, 'labels.csv': text });
    expect(await messageOf(folder)).toBe(message);
  });
});

test('a damaged image stops the iteration and is named', async () => {
  put({ '1.png': pictures.red, '2.png': pictures.red.subarray(0, 40) });
  const opened = await openDataset(folder, image, raw);
  await expect(all(opened)).rejects.toMatchObject({ code: 'DATA', where: join(folder, '2.png') });
});

/** A version 1 .npy. */
function npy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  return Buffer.concat([
    Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
    Buffer.from(header),
    data,
  ]);
}

describe('arrays', () => {
  const floats = npy('<f4', '(2, 2)', new Uint8Array(Float32Array.from([1, 2, 3, 4]).buffer));
  const ids = npy('|i1', '(2, 1)', Uint8Array.from([5, 6]));
  const a = port('a', ['N', 2]);
  const b: Port = { name: 'b', type: tensorType('int64', ['N', 1]) };

  test('a .npy feeds the single input', async () => {
    put({ 'some.npy': floats });
    const samples = await all(await openDataset(join(folder, 'some.npy'), [a]));
    expect(samples.map((s) => s.inputs.a!.toNumbers())).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('a folder of .npy feeds inputs by name', async () => {
    put({ 'a.npy': floats, 'b.npy': ids, 'labels.npy': npy('|u1', '(2,)', Uint8Array.from([1, 0])) });
    const opened = await openDataset(folder, [a, b]);
    const [, second] = await all(opened);
    expect(second!.inputs.b!.toNumbers()).toEqual([6]);
    expect([second!.label, opened.describe]).toEqual([0, '2 samples in arrays']);
  });

  test('a file that changes while it is read is an error', async () => {
    put({ 'a.npy': floats });
    const opened = await openDataset(join(folder, 'a.npy'), [a]);
    put({ 'a.npy': floats.subarray(0, 70) });
    const [sample] = await all(opened.only([1]));
    expect(() => sample!.inputs.a!.toNumbers()).toThrow('the file became shorter while it was read');
  });
});

test('what cannot be opened is said', async () => {
  put({
    'data.h5': '',
    'one.png': pictures.red,
    'x.csv': '',
    'empty/readme.txt': '',
    'gif/a.gif': '',
    'both/a.png': pictures.red,
    'both/a.npy': '',
    'bad.npz': 'no zip at all, this one',
  });
  const supported =
    'Give a folder of images, a folder with a .npy or .bin for each input, or a file: .npy, .npz, .bin, .raw, .jsonl, .ndjson, .mjs, .js';
  const at = (name: string) => join(folder, name);
  expect(await messageOf(at('none'))).toMatch(
    /^DIR\/none: it cannot be read \(ENOENT.*Check that the file is there/,
  );
  expect(await messageOf(at('data.h5'))).toBe(`DIR/data.h5: files of type .h5 are not read. ${supported}`);
  expect(await messageOf(at('one.png'))).toBe(
    'DIR/one.png: this is a single image. Give the folder it lies in',
  );
  expect(await messageOf(at('x.csv'))).toBe(
    'DIR/x.csv: this is a table. Name it labels.csv and give the folder it lies in',
  );
  expect(await messageOf(at('empty'))).toBe(`DIR/empty: there is no image and no array in it. ${supported}`);
  expect(await messageOf(at('gif'))).toBe(
    'DIR/gif: its images are of kinds that are not read (1 .gif). Convert them to .png or .jpg',
  );
  expect(await messageOf(at('both'))).toBe(
    'DIR/both: it holds both images and .npy files. Keep them in folders of their own',
  );
  expect(await messageOf(at('bad.npz'))).toBe(
    'DIR/bad.npz at byte 0: this is not a zip archive, or it is cut off. Save it again with numpy.savez',
  );
  expect(await messageOf(at('both/..'), [...image, port('z', [1])])).toContain(
    "images feed models of one input, this one has 2: 'x', 'z'. Give the samples as .npz",
  );
});

const flickr = new URL('../../../../shared/data/imagenet-flickr', import.meta.url).pathname;

test.skipIf(!existsSync(flickr))(
  '550 labelled photos (skipped where ../shared/data/imagenet-flickr is absent)',
  async () => {
    const opened = await openDataset(flickr, [port('x', ['N', 3, 224, 224])], { preset: 'imagenet-tf' });
    expect(opened.describe).toBe('550 images in folder, 100 calib / 450 eval, 224x224');
    expect(opened.notes).toEqual([]);
    const { calib, eval: rest } = await splitDataset(opened);
    expect([calib.size, rest.size]).toEqual([100, 450]);
    const wanted = opened.splits!.indexOf('calib');
    const [sample] = await all(opened.only([wanted]));
    expect(sample).toMatchObject({ index: wanted, split: 'calib' });
    const { data, info } = await sharp(join(flickr, sample!.name))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([224, 224]);
    // Green of row 100, column 50: the size is the model's own, so no step but the normalization touches it.
    const green = data[(100 * 224 + 50) * 3 + 1]!;
    const x = sample!.inputs.x!.data('float32');
    expect(x[224 * 224 + 100 * 224 + 50]).toBe(Math.fround((green - 127.5) / 127.5));
  },
);
