/** One image to one input tensor: grey, resize, crop, values, layout, in that order. The policy is data. */
import { OctavoError } from '../../base/errors.ts';
import { Tensor } from '../../ir/index.ts';
import type { Letterbox } from './letterbox.ts';
import { letterbox } from './letterbox.ts';
import type { Normalization } from './normalize.ts';
import { byteTables } from './normalize.ts';
import type { PixelImage, Size, Window } from './pixel-image.ts';
import { centreWindow, cropTo, toGrey, toRgb } from './pixel-image.ts';
import type { ResizeFilter } from './resize.ts';
import { resize } from './resize.ts';

export type Layout = 'nchw' | 'nhwc';
export type Channels = 'rgb' | 'bgr' | 'grey';

export interface Preprocessing extends Normalization {
  /**
   * `shorter`: that side becomes so long, the other trunc(shorter * long / short), as torchvision. `letterbox`: the
   * whole image within the output size, its proportions kept, a border of this value around it.
   */
  readonly resize: { readonly shorter: number } | Size | Letterbox | 'none';
  readonly filter: ResizeFilter;
  /** From the centre, after the resize. */
  readonly crop: Size | 'none';
  /** An image that has the output size already is neither resized nor cropped. */
  readonly keepExact: boolean;
  readonly channels: Channels;
  readonly layout: Layout;
  /** What must come out: the model's own size. */
  readonly output: Size;
  /** `uint8`: pixels as they are; scale, mean and std must then change nothing. */
  readonly dtype: 'float32' | 'uint8';
}

/**
 * The image as a tensor [1, C, H, W] or [1, H, W, C] of the output size; values as `normalizeValue` says.
 * `where` names the image in errors: DATA when it does not come out at the output size.
 */
export function preprocess(image: PixelImage, policy: Preprocessing, where: string): Tensor {
  const coloured = policy.channels === 'grey' ? toGrey(image) : toRgb(image);
  return toTensor(frame(coloured, policy, where), policy);
}

/** Resized and cropped to the output size. */
function frame(image: PixelImage, policy: Preprocessing, where: string): PixelImage {
  const { output, filter } = policy;
  if (policy.keepExact && sameSize(image, output)) return image;
  if (isLetterbox(policy.resize)) return letterbox(image, policy.resize, { size: output, filter });
  const size = resizedSize(image, policy.resize);
  const window: Window =
    policy.crop === 'none' ? { left: 0, top: 0, ...size } : centreWindow(size, policy.crop, where);
  if (!sameSize(window, output))
    throw new OctavoError({
      code: 'DATA',
      where,
      what: `the image comes out at ${window.width}x${window.height}, the model takes ${output.width}x${output.height}`,
      remedy: 'Give images of that size, or a resize and crop that end there',
    });
  return sameSize(size, image) ? cropTo(image, window) : resize(image, size, { filter, window });
}

export function isLetterbox(rule: Preprocessing['resize']): rule is Letterbox {
  return rule !== 'none' && 'letterbox' in rule;
}

function resizedSize(image: Size, rule: Exclude<Preprocessing['resize'], Letterbox>): Size {
  if (rule === 'none') return { width: image.width, height: image.height };
  if ('width' in rule) return { width: rule.width, height: rule.height };
  const { shorter } = rule;
  return image.width <= image.height
    ? { width: shorter, height: Math.trunc((shorter * image.height) / image.width) }
    : { width: Math.trunc((shorter * image.width) / image.height), height: shorter };
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function toTensor(image: PixelImage, policy: Preprocessing): Tensor {
  const { width, height, channels, data } = image;
  const pixels = width * height;
  const planar = policy.layout === 'nchw';
  const dims = planar ? [1, channels, height, width] : [1, height, width, channels];
  // Where channel c of pixel i goes: c * step + i * stride.
  const step = planar ? pixels : 1;
  const stride = planar ? 1 : channels;
  const sourceOf = (c: number): number => (policy.channels === 'bgr' ? 2 - c : c);
  if (policy.dtype === 'uint8') {
    const out = new Uint8Array(data.length);
    for (let c = 0; c < channels; c++)
      for (let i = 0, from = sourceOf(c); i < pixels; i++, from += channels)
        out[c * step + i * stride] = data[from]!;
    return Tensor.of('uint8', dims, out);
  }
  const tables = tablesOf(policy);
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const table = tables[sourceOf(c) as 0 | 1 | 2];
    for (let i = 0, from = sourceOf(c); i < pixels; i++, from += channels)
      out[c * step + i * stride] = table[data[from]!]!;
  }
  return Tensor.of('float32', dims, out);
}

const cached = new WeakMap<Preprocessing, ReturnType<typeof byteTables>>();

function tablesOf(policy: Preprocessing): ReturnType<typeof byteTables> {
  const known = cached.get(policy);
  if (known !== undefined) return known;
  const tables = byteTables(policy);
  cached.set(policy, tables);
  return tables;
}
