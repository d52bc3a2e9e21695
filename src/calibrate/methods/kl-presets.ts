/** The forms of the KL search: ours, and those of other tools, so that what they would have chosen can be had again. */
import type { KlForm } from './kl-search.ts';

const published = {
  histogram: { bins: 2048, of: 'magnitudes', upTo: 'amax', zeros: 'kept' },
  levels: { signed: 128, unsigned: 128 },
  fold: { rule: 'spread' },
  upTo: 'all',
  equal: 'in doubles',
  ofEquals: 'most',
  threshold: 'middle of the next',
} as const satisfies KlForm;

const onnxruntime = {
  histogram: { bins: 128, of: 'values', upTo: 'amax', zeros: 'kept' },
  levels: { signed: 128, unsigned: 128 },
  fold: { rule: 'merge', crude: true },
  upTo: 'all',
  equal: 'in float32',
  ofEquals: 'fewest',
  threshold: 'edge',
} as const satisfies KlForm;

/**
 * What is published with two repairs: zeros (and what is within 1/2048 of the range of zero) are left out, for after a ReLU
 * they would decide it; and a cap at twice the 99.99th percentile comes first, for 2,048 bins folded from 128 cannot clip
 * more than 16-fold.
 */
export const ownKlForm: KlForm = {
  ...published,
  histogram: { ...published.histogram, upTo: 'guarded', zeros: 'bin 0 empty' },
  levels: 'as many as codes',
};

export const klPresets = {
  /** The talk's algorithm to the letter; caches of TensorRT confirm the half bin and that all bins are a candidate. */
  tensorrt: published,
  /** ModelOpt's, too. */
  'pytorch-quantization': {
    ...published,
    histogram: { ...published.histogram, zeros: 'bin 0 as bin 1' },
    levels: { signed: 128, unsigned: 256 },
    threshold: 'edge',
  },
  /** TVM's, too. */
  mxnet: {
    histogram: { bins: 8001, of: 'values', upTo: 'amax', zeros: 'kept' },
    levels: { signed: 255, unsigned: 511 },
    fold: { rule: 'merge', crude: false },
    upTo: 'all',
    equal: 'in doubles',
    ofEquals: 'fewest',
    threshold: 'edge',
  },
  ncnn: {
    histogram: { bins: 2048, of: 'magnitudes', upTo: 'amax', zeros: 'not counted' },
    levels: { signed: 128, unsigned: 128 },
    fold: { rule: 'overlap' },
    upTo: 'all but one',
    equal: 'in doubles',
    ofEquals: 'fewest',
    threshold: 'middle of the next',
  },
  /** Its 128 bins leave one candidate: the whole range. */
  ort: onnxruntime,
  /** With the 2,048 bins people give it to get a search. */
  'ort-2048': { ...onnxruntime, histogram: { ...onnxruntime.histogram, bins: 2048 } },
} as const satisfies Readonly<Record<string, KlForm>>;

export type KlPreset = keyof typeof klPresets;
