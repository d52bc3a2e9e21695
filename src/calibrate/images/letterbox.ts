/**
 * Letterbox, as detectors are fed: the whole image at the largest size of its own proportions, and a border of one
 * value around it. Sizes are exact whole-number divisions, so no engine and no factor in between can move them.
 */
import type { PixelImage, Size } from './pixel-image.ts';
import { pixelImage } from './pixel-image.ts';
import type { ResizeFilter } from './resize.ts';
import { resize } from './resize.ts';

export const letterboxPlaces = ['centre', 'top-left'] as const;

export type LetterboxPlace = (typeof letterboxPlaces)[number];

export interface Letterbox {
  /** Fills the border, 0 to 255 in every channel, before scale, mean and std. */
  readonly letterbox: number;
  /** Where the image lies. Default `centre`; an odd border has its larger half right and below. */
  readonly place?: LetterboxPlace;
}

/** The side that reaches the frame first fills it; the other is rounded down, and at least one pixel. */
export function letterboxSize(image: Size, frame: Size): Size {
  const fill = (side: number, to: number, from: number): number =>
    Math.max(1, Math.floor((side * to) / from));
  return image.width * frame.height >= image.height * frame.width
    ? { width: frame.width, height: fill(image.height, frame.width, image.width) }
    : { width: fill(image.width, frame.height, image.height), height: frame.height };
}

/** The image in a frame of `size`; the same object when it fills the frame as it is. */
export function letterbox(image: PixelImage, rule: Letterbox, to: LetterboxTarget): PixelImage {
  const { size, filter } = to;
  const inner = resize(image, letterboxSize(image, size), { filter });
  if (inner.width === size.width && inner.height === size.height) return inner;
  const atCentre = rule.place !== 'top-left';
  const left = atCentre ? Math.floor((size.width - inner.width) / 2) : 0;
  const top = atCentre ? Math.floor((size.height - inner.height) / 2) : 0;
  const { channels } = inner;
  const out = new Uint8Array(size.width * size.height * channels).fill(rule.letterbox);
  const rowBytes = inner.width * channels;
  for (let y = 0; y < inner.height; y++)
    out.set(
      inner.data.subarray(y * rowBytes, (y + 1) * rowBytes),
      ((top + y) * size.width + left) * channels,
    );
  return pixelImage(size.width, size.height, channels, out);
}

export interface LetterboxTarget {
  readonly size: Size;
  readonly filter: ResizeFilter;
}
