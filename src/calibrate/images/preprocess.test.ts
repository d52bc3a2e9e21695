// Golden values were made with Pillow 12.0 and numpy by torchvision's steps: Resize, CenterCrop, ToTensor, Normalize.
import { describe, expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import type { DType, Port, Shape } from '../../ir/index.ts';
import { tensorType } from '../../ir/index.ts';
import type { ImageOptions } from './index.ts';
import {
  centreWindow,
  normalizeValue,
  pixelImage,
  preprocess,
  preprocessingFor,
  presets,
  toGrey,
} from './index.ts';

const random = lcg(9);
const noise = pixelImage(
  6,
  5,
  3,
  Uint8Array.from({ length: 90 }, () => Math.floor(random() * 256)),
);

function port(shape: Shape | undefined, dtype: DType = 'float32'): Port {
  return { name: 'image', type: tensorType(dtype, shape) };
}

function run(shape: Shape, options: ImageOptions, dtype: DType = 'float32') {
  return preprocess(noise, preprocessingFor(port(shape, dtype), options), 'noise.png');
}

test('the imagenet preset has the bits of torchvision', () => {
  const hex =
    'dc42aabf0174acbfa6c559bf10e2e9be671f18be0b15233d0882acbe72269a3f948a723f7c7d3dbfaaf1433fe24e8a3f' +
    '4b92243fc69dd43eaaf1433f7c78f83e4992c43f05df553f37d5c93ff4958abeb749e33ebd70d13e57d2a43e7240c33d' +
    'f51d9bbfba6030bf0d2511bf';
  const size = { resize: { shorter: 4 }, crop: { width: 3, height: 3 } };
  const made = run(['N', 3, 3, 3], { preset: 'imagenet', layout: 'nchw', ...size });
  expect(made.dims).toEqual([1, 3, 3, 3]);
  expect(Buffer.from(made.bytes()).toString('hex')).toBe(hex);
});

test('luma is that of Pillow', () => {
  const hex = '3d4398a66450798934aa70b070c1bb74cd873faad382c69c693296643884';
  expect(Buffer.from(toGrey(noise).data).toString('hex')).toBe(hex);
});

test('layouts and channel orders hold the same pixels', () => {
  const nchw = run([1, 3, 5, 6], { preset: '0-255' }).data('float32');
  const nhwc = run([1, 5, 6, 3], { preset: '0-255' }).data('float32');
  const bgr = run([1, 3, 5, 6], { preset: '0-255', bgr: true }).data('float32');
  expect(Array.from(nhwc)).toEqual(Array.from(noise.data));
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < 30; i++) {
      expect(nchw[c * 30 + i]).toBe(noise.data[i * 3 + c]);
      expect(bgr[c * 30 + i]).toBe(noise.data[i * 3 + 2 - c]);
    }
});

test('mean and std go with their colour in a bgr model', () => {
  const options = { scale: 1, mean: [1, 2, 3], std: [2, 4, 8] };
  const bgr = run([1, 3, 5, 6], { ...options, bgr: true }).data('float32');
  expect(bgr[0]).toBe((noise.data[2]! - 3) / 8);
  expect(bgr[60]).toBe((noise.data[0]! - 1) / 2);
});

test('a uint8 input takes pixels as they are, a grey one luma', () => {
  expect(Array.from(run([1, 5, 6, 3], {}, 'uint8').data('uint8'))).toEqual(Array.from(noise.data));
  expect(Array.from(run([1, 1, 5, 6], {}, 'uint8').data('uint8'))).toEqual(Array.from(toGrey(noise).data));
});

test('every step of a value is rounded to float32', () => {
  const value = normalizeValue(200, presets.imagenet, 0);
  const shifted = Math.fround(Math.fround(200 / 255) - Math.fround(0.485));
  expect(value).toBe(Math.fround(shifted / Math.fround(0.229)));
});

test('a centre crop rounds halves to the even number, as Python', () => {
  const at = (size: number) => centreWindow({ width: size, height: size }, { width: 2, height: 2 }, 'x').left;
  expect([2, 3, 4, 5, 6, 7, 9].map(at)).toEqual([0, 0, 1, 2, 2, 2, 4]);
});

test('the size of the model decides the resize; an image of that size is left alone', () => {
  const policy = preprocessingFor(port(['N', 3, 192, 192]), { preset: 'imagenet' });
  expect(policy.resize).toEqual({ shorter: 219 });
  expect(policy.crop).toEqual({ width: 192, height: 192 });
  const wide = preprocessingFor(port(['N', 3, 240, 320]), { preset: 'imagenet-tf' });
  expect(wide.resize).toEqual({ shorter: 366 });
  expect(preprocessingFor(port(['N', 32, 64, 3]), { preset: '0-1' }).resize).toEqual({
    width: 64,
    height: 32,
  });
  const exact = run([1, 3, 5, 6], { preset: 'imagenet-tf' }).data('float32');
  expect(exact[0]).toBe(Math.fround((noise.data[0]! - 127.5) / 127.5));
});

describe('what does not fit is said', () => {
  const cases: readonly [string, Port, ImageOptions, string][] = [
    [
      'no preset',
      port([1, 3, 8, 8]),
      {},
      "input 'image': nothing says which values the model was trained on. Give --preset (imagenet, imagenet-tf, 0-1, 0-255), or --scale, --mean and --std",
    ],
    [
      'layout',
      port([1, 3, 8, 3]),
      { preset: '0-1' },
      "input 'image': shape [1, 3, 8, 3] does not say where the channels are. Give --layout nchw or --layout nhwc",
    ],
    [
      'open size',
      port(['N', 3, 'H', 'W']),
      { preset: '0-1' },
      "input 'image': the model leaves the size of its images open. Give --size, for example --size 224x224",
    ],
    [
      'other size',
      port(['N', 3, 8, 8]),
      { preset: '0-1', size: { width: 9, height: 8 } },
      "option size: 9x8 is not what input 'image' takes, which is 8x8. Leave --size out",
    ],
    [
      'rank',
      port([1, 640]),
      { preset: '0-1' },
      "input 'image': images feed inputs of four dimensions, this one has shape [1, 640]. Give the samples as .npy or .npz arrays",
    ],
    [
      'batch',
      port([4, 3, 8, 8]),
      { preset: '0-1' },
      "input 'image': its batch is fixed at 4. Export the model with a batch of 1 or a dynamic one",
    ],
    [
      'channels',
      port([1, 4, 8, 8]),
      { preset: '0-1', layout: 'nchw' },
      "input 'image': shape [1, 4, 8, 8] has 4 channels as nchw, images have 3 or 1. Give --layout if the channels are elsewhere, or the samples as .npy or .npz arrays",
    ],
    [
      'uint8',
      port([1, 8, 8, 3], 'uint8'),
      { preset: 'imagenet' },
      "input 'image': the model takes uint8 pixels and normalizes them itself, so scale, mean and std have no place. Use --preset 0-255 or no preset",
    ],
    [
      'dtype',
      port([1, 8, 8, 3], 'float16'),
      { preset: '0-1' },
      "input 'image': images feed inputs of type float32 or uint8, this one is float16. Give the samples as .npy or .npz arrays of that type",
    ],
    [
      'grey',
      port([1, 1, 8, 8]),
      { preset: 'imagenet' },
      "input 'image': the model takes grey images, the mean and deviation given are for three channels. Give --mean and --std with one number each",
    ],
    [
      'mean',
      port([1, 3, 8, 8]),
      { mean: [1, 2] },
      'option mean: 2 values were given. Give one number, or one each for red, green and blue',
    ],
    [
      'std',
      port([1, 3, 8, 8]),
      { std: [0] },
      'option std: [0] would divide by zero. Give one number, or one each for red, green and blue',
    ],
    [
      'crop',
      port([1, 3, 8, 8]),
      { preset: 'imagenet', crop: { width: 7, height: 7 } },
      'option crop: images would come out at 7x7, the model takes 8x8. Let the last step end at the size of the model',
    ],
    [
      'preset',
      port([1, 3, 8, 8]),
      { preset: 'caffe' as 'imagenet' },
      "option preset: there is no preset 'caffe'. Presets are imagenet, imagenet-tf, 0-1, 0-255",
    ],
  ];
  test.each(cases)('%s', (_, input, options, message) => {
    expect(() => preprocessingFor(input, options)).toThrow(expect.objectContaining({ message }));
  });

  test('an image smaller than the crop, and one of another size', () => {
    expect(() => run([1, 3, 8, 8], { preset: '0-1', resize: 'none' })).toThrow(
      'noise.png: the image is 6x5 where a crop of 8x8 is taken. Give larger images, or a resize that covers the crop',
    );
    expect(() => run([1, 3, 4, 4], { preset: '0-1', resize: 'none', crop: 'none' })).toThrow(
      'noise.png: the image comes out at 6x5, the model takes 4x4. Give images of that size, or a resize and crop that end there',
    );
  });
});
