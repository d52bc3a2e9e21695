/** Decoded pixels, as every later step takes them, and the steps that change only channels or the frame. */
import { OctavoError } from '../../base/errors.ts';
import { roundHalfEven } from '../../base/integer.ts';

/** 8-bit sRGB or grey, rows from the top, channels interleaved (HWC), no padding between rows. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of an image, in pixels from its top left. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/** Throws RangeError when the data does not fill the image. */
export function pixelImage(width: number, height: number, channels: 1 | 3, data: Uint8Array): PixelImage {
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1)
    throw new RangeError(`an image cannot be ${width}x${height}`);
  if (data.length !== width * height * channels)
    throw new RangeError(`${data.length} bytes do not fill ${width}x${height}x${channels}`);
  return { width, height, channels, data };
}

/** ITU-R 601 luma, (19595 R + 38470 G + 7471 B + 32768) >> 16, as Pillow's `convert('L')`. */
export function toGrey(image: PixelImage): PixelImage {
  if (image.channels === 1) return image;
  const count = image.width * image.height;
  const out = new Uint8Array(count);
  const rgb = image.data;
  for (let i = 0, at = 0; i < count; i++, at += 3)
    out[i] = (rgb[at]! * 19595 + rgb[at + 1]! * 38470 + rgb[at + 2]! * 7471 + 0x8000) >>> 16;
  return pixelImage(image.width, image.height, 1, out);
}

/** Grey repeated in all three channels. */
export function toRgb(image: PixelImage): PixelImage {
  if (image.channels === 3) return image;
  const out = new Uint8Array(image.data.length * 3);
  for (let i = 0, at = 0; i < image.data.length; i++, at += 3) out.fill(image.data[i]!, at, at + 3);
  return pixelImage(image.width, image.height, 3, out);
}

/**
 * The frame of a centre crop as torchvision takes it: left = round((width - crop) / 2), halves to the even
 * number, as Python's `round`. Throws DATA naming `where` when the image is smaller than the crop: Octavo
 * does not invent pixels.
 */
export function centreWindow(image: Size, crop: Size, where: string): Window {
  if (crop.width > image.width || crop.height > image.height)
    throw new OctavoError({
      code: 'DATA',
      where,
      what: `the image is ${image.width}x${image.height} where a crop of ${crop.width}x${crop.height} is taken`,
      remedy: 'Give larger images, or a resize that covers the crop',
    });
  return {
    left: roundHalfEven((image.width - crop.width) / 2),
    top: roundHalfEven((image.height - crop.height) / 2),
    width: crop.width,
    height: crop.height,
  };
}

export function cropTo(image: PixelImage, window: Window): PixelImage {
  if (window.width === image.width && window.height === image.height) return image;
  const rowBytes = window.width * image.channels;
  const out = new Uint8Array(window.height * rowBytes);
  for (let y = 0; y < window.height; y++) {
    const from = ((window.top + y) * image.width + window.left) * image.channels;
    out.set(image.data.subarray(from, from + rowBytes), y * rowBytes);
  }
  return pixelImage(window.width, window.height, image.channels, out);
}
