// Golden bytes were made with Pillow 12.0 (Image.resize) on images of seeded noise, one line a case.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import type { PixelImage } from './pixel-image.ts';
import { cropTo, pixelImage } from './pixel-image.ts';
import type { ResizeFilter } from './resize.ts';
import { filters, resize } from './resize.ts';

function noise(width: number, height: number, channels: 1 | 3, seed: number): PixelImage {
  const random = lcg(seed);
  const data = Uint8Array.from({ length: width * height * channels }, () => Math.floor(random() * 256));
  return pixelImage(width, height, channels, data);
}

const golden: readonly (readonly [number, number, number, number, 1 | 3, number, ResizeFilter, string])[] = [
  [7, 5, 3, 2, 3, 1, 'nearest', '21b595ee2d5577fee00207ffabf7bbe6bfa2'],
  [7, 5, 3, 2, 3, 1, 'box', '3f5870a37a5c9eaf72588acaa9a55c7f9e69'],
  [7, 5, 3, 2, 3, 1, 'bilinear', '526273a17764aaae7c6188a290a2618a8f5b'],
  [7, 5, 3, 2, 3, 1, 'bicubic', '4d5d70a67461aeb07c5e8da894a55c848a59'],
  [4, 3, 6, 5, 1, 2, 'nearest', '3c75753030bd3c75753030bdb71e1e34347886b2b2b4b41b86b2b2b4b41b'],
  [4, 3, 6, 5, 1, 2, 'box', '3c757530bdbd3c757530bdbdb71e1e34787886b2b2b41b1b86b2b2b41b1b'],
  [4, 3, 6, 5, 1, 2, 'bilinear', '3c59693c77bd6d604d376aa1b76b223056789a88787f6140869cb2b4681b'],
  [4, 3, 6, 5, 1, 2, 'bicubic', '2e5a753179cc6b6048296cb1c16e172c597c9f8c7b8a5e337e9ec3c86409'],
  [9, 6, 4, 9, 1, 3, 'nearest', '8cc7dd63288bb12a288bb12a4e3a76974e3a7697e11b422ea301c17c4930b70d4930b70d'],
  [9, 6, 4, 9, 1, 3, 'box', '64adc03675b1cd4375b1cd434b696ab0e5863a49e5863a49685e84b03979ba6c3979ba6c'],
  [9, 6, 4, 9, 1, 3, 'bilinear', '7fb3a94e80aab1587a96ab6c616c7a94a26f5b71d67652518c5d7a8a65619388506ba177'],
  [9, 6, 4, 9, 1, 3, 'bicubic', '7dbbab4980b2bb4f7999b7675569759fa96f4c70ea7b47488b5d74915b62968c4a6fa873'],
  [5, 5, 5, 2, 3, 4, 'nearest', '61525f94314acb14887b0861aeb19a29ae667cefe8991a93354247bd4311'],
  [5, 5, 5, 2, 3, 4, 'box', '6f8962bb46674c478c7b4480ad79ac75624648dae8656972835e9bbc9d4c'],
  [5, 5, 5, 2, 3, 4, 'bilinear', '658366b3446d613c8b7f4177ab86a77a77476ec4be59607d664b93c17456'],
  [5, 5, 5, 2, 3, 4, 'bicubic', '638768ba3d685f3a8d7f4175a984ac7f744369ccc158657c644a97c37351'],
  [6, 4, 2, 4, 1, 5, 'nearest', 'bbb73810a47914c0'],
  [6, 4, 2, 4, 1, 5, 'box', '67a4415d6d91a592'],
  [6, 4, 2, 4, 1, 5, 'bilinear', '809a5449828189a5'],
  [6, 4, 2, 4, 1, 5, 'bicubic', '7c9c544d7f8391a0'],
];

test.each(golden)(
  '%ix%i to %ix%i, %i channels, seed %i, %s is as Pillow',
  (w, h, W, H, c, seed, filter, hex) => {
    const made = resize(noise(w, h, c, seed), { width: W, height: H }, { filter });
    expect([made.width, made.height, made.channels]).toEqual([W, H, c]);
    expect(Buffer.from(made.data).toString('hex')).toBe(hex);
  },
);

test('the same size is the same object', () => {
  const image = noise(5, 4, 3, 1);
  expect(resize(image, { width: 5, height: 4 })).toBe(image);
});

const side = fc.integer({ min: 1, max: 40 });
const anyFilter = fc.constantFrom(...(Object.keys(filters) as ResizeFilter[]));

test('one colour stays that colour', () => {
  fc.assert(
    fc.property(side, side, side, side, fc.nat(255), anyFilter, (w, h, W, H, value, filter) => {
      const image = pixelImage(w, h, 1, new Uint8Array(w * h).fill(value));
      const { data } = resize(image, { width: W, height: H }, { filter });
      expect(data.every((v) => v === value)).toBe(true);
    }),
  );
});

test('a window is that part of the whole', () => {
  fc.assert(
    fc.property(side, side, side, side, anyFilter, fc.nat(), fc.nat(), (w, h, W, H, filter, left, top) => {
      const image = noise(w, h, 3, w + h);
      const window = { left: left % W, top: top % H, width: W - (left % W), height: H - (top % H) };
      const size = { width: W, height: H };
      const whole = resize(image, size, { filter });
      expect(resize(image, size, { filter, window }).data).toEqual(cropTo(whole, window).data);
    }),
  );
});

test('a strip of a hundred megapixels after resizing costs only its window', () => {
  const strip = noise(4000, 1, 3, 3);
  const made = resize(
    strip,
    { width: 4000 * 256, height: 256 },
    { window: { left: 511_888, top: 16, width: 224, height: 224 } },
  );
  expect(made.data.length).toBe(224 * 224 * 3);
});
