/** How well-known families of image models were fed, by name. Adding one is adding a row. */

import type { Triple } from './normalize.ts';
import type { ResizeFilter } from './resize.ts';

export interface Preset {
  readonly about: string;
  readonly scale: number;
  readonly mean: Triple;
  readonly std: Triple;
  readonly filter: ResizeFilter;
  /**
   * `shorter`: the shorter side becomes round(S * numerator / denominator) for a model of size S, and the
   * centre is cropped to S. `stretch`: both sides become the model's own, whatever the aspect.
   */
  readonly fit:
    | { readonly kind: 'shorter'; readonly numerator: number; readonly denominator: number }
    | { readonly kind: 'stretch' };
}

const centre = { kind: 'shorter', numerator: 256, denominator: 224 } as const;
const stretch = { kind: 'stretch' } as const;

export const presets = {
  imagenet: {
    about: 'torchvision and timm classifiers: x/255, the ImageNet mean and deviation, centre crop',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    filter: 'bilinear',
    fit: centre,
  },
  'imagenet-tf': {
    about: 'TensorFlow and Keras classifiers in [-1, 1]: (x - 127.5) / 127.5, centre crop',
    scale: 1,
    mean: [127.5, 127.5, 127.5],
    std: [127.5, 127.5, 127.5],
    filter: 'bilinear',
    fit: centre,
  },
  '0-1': {
    about: 'x/255, stretched to the input size',
    scale: 1 / 255,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    filter: 'bilinear',
    fit: stretch,
  },
  '0-255': {
    about: 'pixel values as they are, stretched to the input size',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    filter: 'bilinear',
    fit: stretch,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}
