// Every shared model that must compile, with data to calibrate and run it on: photos or noise where it has none of its own.
import { join } from 'node:path';
import { lcg } from '../../src/base/random.ts';
import { datasetFromTensors } from '../../src/calibrate/arrays.ts';
import type { Dataset } from '../../src/calibrate/dataset.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs, Tensor } from '../../src/ir/index.ts';
import { labelledModels, modelPath, sharedFolder } from './shared-models.ts';

export interface CompiledModelData {
  readonly name: string;
  readonly path: string;
  readonly data: () => Promise<{ calib: Dataset; eval: Dataset }>;
}

const span = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const photos = (name: string, file: string, options: object): CompiledModelData => ({
  name,
  path: modelPath(file),
  data: async () => {
    const ports = requiredInputs(readOnnxFile(modelPath(file)).graph);
    const all = await openDataset(join(sharedFolder, 'data/imagenet-flickr'), ports, options);
    return { calib: unlabelled(onlyOf(all, span(0, 100))), eval: unlabelled(onlyOf(all, span(100, 164))) };
  },
});

/** The labels of photos are none of a detector's. */
function unlabelled(data: Dataset): Dataset {
  return {
    ...(data.size === undefined ? {} : { size: data.size }),
    async *[Symbol.asyncIterator]() {
      for await (const { label: _, ...sample } of data) yield sample;
    },
    only: (positions) => unlabelled(onlyOf(data, positions)),
  };
}

/** Sounds of machines are not here: levels of 640 bands that drift, as its spectrograms do. */
function driftingBands(samples: number, seed: number): Dataset {
  const random = lcg(seed);
  const values = new Float32Array(samples * 640);
  for (let s = 0; s < samples; s++)
    for (let i = 0, level = 0; i < 640; i++) {
      level = 0.9 * level + random() - 0.5;
      values[s * 640 + i] = 8 * level - 20 * (i % 128 > 100 ? 1 : 0);
    }
  return datasetFromTensors({ input: Tensor.of('float32', [samples, 640], values) });
}

export const compiledModels: readonly CompiledModelData[] = [
  ...labelledModels,
  {
    name: 'mlperf_ad01',
    path: modelPath('mlperf_ad01.onnx'),
    data: async () => ({ calib: driftingBands(100, 1), eval: driftingBands(64, 2) }),
  },
  photos('ultraface', 'ultraface_rfb_320.onnx', {
    mean: [127],
    std: [128],
    resize: { width: 320, height: 240 },
  }),
  photos('yolox', 'yolox_nano.onnx', {
    preset: '0-255',
    bgr: true,
    resize: { letterbox: 114, place: 'top-left' },
  }),
];
