// Pixels of a canvas become exactly what the data readers of calibration make of the same pixels.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takingImages } from '../../test/support/compiled-by-hand.ts';
import type { Preprocessing } from '../calibrate/images/index.ts';
import { pixelImage, preprocess, presets, toGrey } from '../calibrate/images/index.ts';
import { perTensor, Tensor } from '../ir/index.ts';
import { quantizeTensor } from '../ops/crossings.ts';
import { load } from './index.ts';
import type { CompiledImage } from './manifest.ts';

/** Every value of a channel is in it somewhere; alpha is anything. */
function canvasOf(width: number, height: number, seed: number) {
  const data = Uint8ClampedArray.from(
    { length: 4 * width * height },
    (_, i) => (i * 37 + (i >> 3) * seed) & 255,
  );
  return { width, height, data };
}

function rgbOf({ data }: { readonly data: Uint8ClampedArray }): Uint8Array {
  return Uint8Array.from(data.filter((_, i) => i % 4 !== 3));
}

const triple = fc.tuple(
  fc.float({ noNaN: true, min: -300, max: 300 }),
  fc.constant(0.456),
  fc.constant(127.5),
);
const images = fc.record({
  layout: fc.constantFrom('nchw', 'nhwc'),
  channels: fc.constantFrom('rgb', 'bgr', 'grey'),
  scale: fc.constantFrom(1, 1 / 255, 0.017),
  mean: triple,
  std: fc.constantFrom([1, 1, 1], [0.229, 0.224, 0.225], [127.5, 58.3, 3e-5]),
}) as fc.Arbitrary<CompiledImage>;
const sizes = fc.record({ width: fc.integer({ min: 1, max: 23 }), height: fc.integer({ min: 1, max: 17 }) });
const codes = fc.constantFrom(
  undefined,
  { dtype: 'uint8', scale: Math.fround(1 / 127), zeroPoint: 114 } as const,
  { dtype: 'int8', scale: Math.fround(0.75), zeroPoint: -3 } as const,
);

test('the numbers of the data readers', async () => {
  await fc.assert(
    fc.asyncProperty(images, sizes, codes, fc.nat(255), async (image, size, quant, seed) => {
      const { width, height } = size;
      const canvas = canvasOf(width, height, seed);
      const policy: Preprocessing = {
        ...image,
        resize: 'none',
        filter: 'bilinear',
        crop: 'none',
        keepExact: true,
        output: size,
        dtype: 'float32',
      };
      const real = preprocess(pixelImage(width, height, 3, rgbOf(canvas)), policy, 'image');
      const wanted =
        quant === undefined
          ? real
          : quantizeTensor({} as never, real, perTensor(quant.dtype, quant.scale, quant.zeroPoint, 'x'));
      const network = await load(
        takingImages(image, {
          dims: real.dims,
          dtype: quant?.dtype ?? 'float32',
          ...(quant === undefined ? {} : { codes: { scale: quant.scale, zeroPoint: quant.zeroPoint } }),
        }),
      );
      const { y } = await network.run({ x: canvas });
      const type = quant?.dtype ?? 'float32';
      expect(Tensor.of(type, y!.dims, y!.data as never).bytes()).toEqual(wanted.bytes());
    }),
    { numRuns: 150 },
  );
});

test('pixels as they are, where the input is uint8', async () => {
  const { scale, mean, std } = presets['0-255'];
  const how = { layout: 'nhwc', channels: 'grey', scale, mean, std } as const;
  const network = await load(takingImages(how, { dims: [1, 4, 5, 1], dtype: 'uint8' }));
  const canvas = canvasOf(5, 4, 3);
  const { y } = await network.run({ x: canvas });
  expect(y!.data).toEqual(toGrey(pixelImage(5, 4, 3, rgbOf(canvas))).data);
  expect(network.inputMetadata[0]!.image).toEqual(how);
});

describe('an image that does not fit', () => {
  const { scale, mean, std } = presets.imagenet;
  const how: CompiledImage = { layout: 'nchw', channels: 'rgb', scale, mean, std };
  const dims = [1, 3, 8, 6];

  test.each([
    [
      'of another size',
      canvasOf(8, 6, 0),
      /the image is 8x6, the model takes 6x8\. Draw it on a canvas of 6x8/,
    ],
    ['cut short', { width: 6, height: 8, data: new Uint8Array(12) }, /not the 192 bytes of an RGBA image/],
    ['of floats', { width: 6, height: 8, data: new Float32Array(192) }, /Give an ImageData of 8 bits/],
    ['of nothing', { width: 6, height: 8 }, /not the 192 bytes/],
  ])('%s', async (_, image, message) => {
    const network = await load(takingImages(how, { dims, dtype: 'float32' }));
    await expect(network.run({ x: image as never })).rejects.toThrow(message);
    await expect(network.run({ x: image as never })).rejects.toMatchObject({ code: 'INPUT' });
  });

  test.each([
    [{ ...how, layout: 'chw' }, dims],
    [{ ...how, channels: 'grey' }, dims],
    [{ ...how, layout: 'nhwc' }, dims],
    [{ ...how, std: [1, 1] }, dims],
    [{ ...how, scale: '1' }, dims],
    [how, [3, 8, 6]],
    [how, [2, 3, 8, 6]],
    [null, dims],
  ])('a manifest with %j for %j is none', async (image, dims) => {
    const files = takingImages(image as CompiledImage, { dims, dtype: 'float32' });
    await expect(load(files)).rejects.toMatchObject({ code: 'FORMAT' });
  });
});
