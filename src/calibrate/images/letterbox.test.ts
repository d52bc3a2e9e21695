// The resize itself is held to Pillow in resize.test.ts; here is where its result lies, and how large it is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import { tensorType } from '../../ir/index.ts';
import type { ImageOptions } from './index.ts';
import { letterbox, letterboxSize, pixelImage, preprocess, preprocessingFor, resize } from './index.ts';

const port = { name: 'image', type: tensorType('float32', [1, 3, 8, 8]) };
const random = lcg(5);
const wide = pixelImage(
  6,
  3,
  3,
  Uint8Array.from({ length: 54 }, () => Math.floor(random() * 256)),
);

function rows(options: ImageOptions): string[] {
  const out = preprocess(wide, preprocessingFor(port, { preset: '0-255', ...options }), 'wide.png').data(
    'float32',
  );
  // Red of each row.
  return Array.from({ length: 8 }, (_, y) =>
    Array.from(out.subarray(y * 8, y * 8 + 8), (v) => v.toString(16).padStart(2, '0')).join(' '),
  );
}

const border = '72 72 72 72 72 72 72 72';

test('proportions stay, the border has its value, the place is the one asked for', () => {
  const image = resize(wide, { width: 8, height: 4 }).data;
  const inner = Array.from({ length: 4 }, (_, y) =>
    Array.from({ length: 8 }, (_, x) => image[(y * 8 + x) * 3]!.toString(16).padStart(2, '0')).join(' '),
  );
  expect(rows({ resize: { letterbox: 114 } })).toEqual([border, border, ...inner, border, border]);
  expect(rows({ resize: { letterbox: 114, place: 'top-left' } })).toEqual([
    ...inner,
    ...Array(4).fill(border),
  ]);
});

test('the border is normalized with the image', () => {
  const policy = preprocessingFor(port, { preset: 'imagenet-tf', resize: { letterbox: 0 } });
  expect(preprocess(wide, policy, 'x').data('float32')[0]).toBe(-1);
});

test('an odd border is larger right and below', () => {
  const image = pixelImage(1, 2, 1, Uint8Array.of(1, 2));
  const framed = letterbox(image, { letterbox: 9 }, { size: { width: 2, height: 2 }, filter: 'nearest' });
  expect(Array.from(framed.data)).toEqual([1, 9, 2, 9]);
});

describe('sizes', () => {
  test('are those of detectors', () => {
    const frame = { width: 416, height: 416 };
    expect(letterboxSize({ width: 640, height: 480 }, frame)).toEqual({ width: 416, height: 312 });
    expect(letterboxSize({ width: 427, height: 640 }, frame)).toEqual({ width: 277, height: 416 });
    expect(letterboxSize({ width: 5000, height: 3 }, frame)).toEqual({ width: 416, height: 1 });
    // 23 * (416 / 23) is below 416 in doubles, where YOLOX loses a column; Octavo divides whole numbers.
    expect(letterboxSize({ width: 23, height: 23 }, frame)).toEqual(frame);
  });

  test('fill the frame on one side and never leave it', () => {
    const side = fc.integer({ min: 1, max: 65536 });
    fc.assert(
      fc.property(side, side, side, side, (width, height, w, h) => {
        const size = letterboxSize({ width, height }, { width: w, height: h });
        expect(size.width <= w && size.height <= h && size.width >= 1 && size.height >= 1).toBe(true);
        const atWidth =
          size.width === w &&
          size.height === Math.max(1, Number((BigInt(height) * BigInt(w)) / BigInt(width)));
        const atHeight =
          size.height === h &&
          size.width === Math.max(1, Number((BigInt(width) * BigInt(h)) / BigInt(height)));
        expect(atWidth || atHeight).toBe(true);
      }),
    );
  });
});

test.each<[string, ImageOptions, string]>([
  [
    'value',
    { resize: { letterbox: 256 } },
    'option letterbox: 256 is no pixel value. Give a whole number from 0 to 255, such as 114',
  ],
  [
    'place',
    { resize: { letterbox: 1, place: 'left' as 'centre' } },
    "option letterbox: there is no place 'left'. Places are centre, top-left",
  ],
  [
    'crop',
    { resize: { letterbox: 1 }, crop: { width: 8, height: 8 } },
    'option crop: a letterboxed image has the size of the model already. Leave out --crop or --letterbox',
  ],
])('a wrong %s is said', (_, options, message) => {
  expect(() => preprocessingFor(port, { preset: '0-255', ...options })).toThrow(
    expect.objectContaining({ message }),
  );
});
