/** The shared models with samples fed as in their training, and in the wrong ways people feed them. */

import { join } from 'node:path';
import type { Dataset, Sample } from '../../src/calibrate/dataset.ts';
import { indexedDataset } from '../../src/calibrate/indexed-dataset.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs, Tensor } from '../../src/ir/index.ts';
import { labelledModels, modelPath, sharedFolder } from './shared-models.ts';

type Triple = readonly [number, number, number];
interface Form {
  readonly mean: Triple;
  readonly std: Triple;
}

const all = (value: number): Triple => [value, value, value];
const imagenet: Form = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
const forms: Readonly<Record<string, Form>> = {
  '0 to 255': { mean: all(0), std: all(1) },
  '0 to 1': { mean: all(0), std: all(255) },
  '-1 to 1': { mean: all(127.5), std: all(127.5) },
  imagenet,
};
/** Of values that are no pixels: factors that come from forgetting a fixed-point or dB step. */
const factors: Readonly<Record<string, number>> = {
  'times 64': 64,
  'times 1/64': 1 / 64,
  'times 256': 256,
  'times 1/256': 1 / 256,
};

export interface FedModel {
  readonly name: string;
  readonly path: string;
  /** How pixels become inputs; absent for other data. */
  readonly form?: Form;
  /** Up to 64 samples of a window of the data. */
  readonly samples: (way: string, window: number) => Promise<Dataset>;
}

const own: Readonly<Record<string, Form>> = {
  mobilenet_v2: forms['-1 to 1']!,
  'squeezenet1.1': imagenet,
  resnet20: imagenet,
  mlperf_ic01: forms['0 to 255']!,
  mlperf_vww01: forms['0 to 1']!,
  mnist_cntk: forms['0 to 255']!,
  ultraface: { mean: all(127), std: all(128) },
  yolox: forms['0 to 255']!,
};

/** The wrong ways for a model, by name; `exchanged` is red for blue. */
export function wrongWays(fed: FedModel): readonly string[] {
  if (fed.form === undefined) return Object.keys(factors);
  const same = (a: Form, b: Form): boolean =>
    [0, 1, 2].every((c) => Math.abs(a.mean[c]! - b.mean[c]!) < 2 && Math.abs(a.std[c]! - b.std[c]!) < 2);
  const others = Object.keys(forms).filter((way) => !same(forms[way]!, fed.form!));
  return fed.name === 'mnist_cntk' ? others : [...others, 'exchanged'];
}

function changed(sample: Sample, way: string, form: Form | undefined): Sample {
  if (way === 'right') return sample;
  const [[name, tensor]] = Object.entries(sample.inputs) as [[string, Tensor]];
  const from = tensor.data('float32');
  const out = new Float32Array(from.length);
  const channels = form === undefined ? 1 : tensor.dims[1]!;
  const plane = from.length / channels;
  for (let i = 0; i < out.length; i++) {
    const c = Math.floor(i / plane);
    if (form === undefined) out[i] = from[i]! * factors[way]!;
    else {
      // Exchanged before normalization, as a user's mistake would.
      const source = way === 'exchanged' ? channels - 1 - c : c;
      const pixel = from[source * plane + (i % plane)]! * form.std[source]! + form.mean[source]!;
      const as = way === 'exchanged' ? form : forms[way]!;
      out[i] = (pixel - as.mean[c]!) / as.std[c]!;
    }
  }
  return { ...sample, inputs: { [name]: Tensor.of('float32', tensor.dims, out) } };
}

/** The window of a data set, changed. */
async function windowOf(data: Dataset, at: number, change: (sample: Sample) => Sample): Promise<Dataset> {
  const first = (at * 64) % Math.max(1, data.size! - 63);
  const samples: Sample[] = [];
  for await (const sample of onlyOf(
    data,
    Array.from({ length: 64 }, (_, i) => first + i),
  ))
    samples.push(change(sample));
  return indexedDataset({ size: samples.length, load: (position) => samples[position]! });
}

const photos: readonly (readonly [name: string, file: string, options: object])[] = [
  ['ultraface', 'ultraface_rfb_320.onnx', { mean: [127], std: [128], resize: { width: 320, height: 240 } }],
  ['yolox', 'yolox_nano.onnx', { preset: '0-255', bgr: true, resize: { letterbox: 114, place: 'top-left' } }],
];

export const fedModels: readonly FedModel[] = [
  ...labelledModels.map(({ name, path, data }): FedModel => {
    const form = own[name];
    return {
      name,
      path,
      ...(form === undefined ? {} : { form }),
      samples: async (way, window) =>
        windowOf((await data()).eval, window, (sample) => changed(sample, way, form)),
    };
  }),
  ...photos.map(([name, file, options]): FedModel => {
    const path = modelPath(file);
    return {
      name,
      path,
      form: own[name]!,
      samples: async (way, window) => {
        const ports = requiredInputs(readOnnxFile(path).graph);
        const data = await openDataset(join(sharedFolder, 'data/imagenet-flickr'), ports, options);
        const unlabelled = (sample: Sample): Sample => ({
          index: sample.index,
          name: sample.name,
          inputs: sample.inputs,
        });
        return windowOf(data, window, (sample) => changed(unlabelled(sample), way, own[name]));
      },
    };
  }),
];
