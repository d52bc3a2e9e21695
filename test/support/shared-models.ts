/** The real models beside the project (../shared) with their labelled data, for tests and benchmarks; never copied. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { datasetFromTensors } from '../../src/calibrate/arrays.ts';
import type { Dataset } from '../../src/calibrate/dataset.ts';
import type { ImageOptions } from '../../src/calibrate/images/index.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onlyOf, splitDataset } from '../../src/calibrate/split.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs, Tensor } from '../../src/ir/index.ts';

const root = process.env.OCTAVO_ROOT ?? dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const sharedFolder = join(root, '../shared');
/** Printed with a skipped test. */
export const sharedMissing = `${sharedFolder} is not there`;
export const hasShared = existsSync(join(sharedFolder, 'models'));

export const modelPath = (file: string): string => join(sharedFolder, 'models', file);
const dataPath = (file: string): string => join(sharedFolder, 'data', file);

export interface LabelledModel {
  readonly name: string;
  readonly path: string;
  readonly data: () => Promise<LabelledData>;
}

interface LabelledData {
  /** A hundred samples: of the data's own calibration split, or the first ones. */
  readonly calib: Dataset;
  /** All of that split, where it has more. */
  readonly split?: Dataset;
  /** The rest. */
  readonly eval: Dataset;
}

/** Float32 samples: `bytes` per sample turned to numbers by `value`. */
function samples(
  input: string,
  dims: readonly number[],
  count: number,
  value: (index: number) => number,
  labels: ArrayLike<number>,
): Dataset {
  const size = dims.reduce((n, d) => n * d, 1);
  const data = new Float32Array(count * size);
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return datasetFromTensors(
    { [input]: Tensor.of('float32', [count, ...dims], data) },
    { labels: Array.from(labels) },
  );
}

const firstHundred = async (dataset: Dataset): Promise<LabelledData> => {
  const size = dataset.size!;
  return { calib: onlyOf(dataset, range(0, 100)), eval: onlyOf(dataset, range(100, size)) };
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function cifar10(file: string, count: number, value: (byte: number, channel: number) => number): Dataset {
  const bytes = gunzipSync(readFileSync(dataPath(`cifar10/${file}`)));
  const labels = Array.from({ length: count }, (_, i) => bytes[i * 3073]!);
  return samples(
    'input',
    [3, 32, 32],
    count,
    (i) => value(bytes[Math.floor(i / 3072) * 3073 + 1 + (i % 3072)]!, Math.floor((i % 3072) / 1024)),
    labels,
  );
}

const imagenetMean = [0.485, 0.456, 0.406] as const;
const imagenetStd = [0.229, 0.224, 0.225] as const;

async function flickr(model: string, options: ImageOptions): Promise<LabelledData> {
  const ports = requiredInputs(readOnnxFile(modelPath(model)).graph);
  return splitDataset(await openDataset(dataPath('imagenet-flickr'), ports, options), { samples: 100 });
}

const cifarCalibration = (value: (byte: number, channel: number) => number): LabelledData => {
  const split = cifar10('cifar10_train512_calib.bin.gz', 512, value);
  return {
    calib: onlyOf(split, range(0, 100)),
    split,
    eval: cifar10('cifar10_test.bin.gz', 10000, value),
  };
};

export const labelledModels: readonly LabelledModel[] = [
  {
    name: 'mobilenet_v2',
    path: modelPath('mobilenet_v2_1.0_224.onnx'),
    data: () => flickr('mobilenet_v2_1.0_224.onnx', { preset: 'imagenet-tf' }),
  },
  {
    name: 'squeezenet1.1',
    path: modelPath('squeezenet1.1.onnx'),
    data: () =>
      flickr('squeezenet1.1.onnx', {
        scale: 1,
        mean: [123.675, 116.28, 103.53],
        std: [58.395, 57.12, 57.375],
      }),
  },
  {
    name: 'resnet20',
    path: modelPath('resnet20_cifar10.onnx'),
    data: async () => cifarCalibration((b, c) => (b / 255 - imagenetMean[c]!) / imagenetStd[c]!),
  },
  { name: 'mlperf_ic01', path: modelPath('mlperf_ic01.onnx'), data: async () => cifarCalibration((b) => b) },
  {
    name: 'mlperf_kws01',
    path: modelPath('mlperf_kws01.onnx'),
    data: () => {
      const mfcc = new Int8Array(readFileSync(dataPath('mlperf-tiny/kws01_mfcc_i8.bin')));
      const labels = readFileSync(dataPath('mlperf-tiny/kws01_labels_u8.bin'));
      return firstHundred(samples('input', [1, 49, 10], 1000, (i) => (mfcc[i]! - 83) * 0.5847029, labels));
    },
  },
  {
    name: 'mlperf_vww01',
    path: modelPath('mlperf_vww01.onnx'),
    data: () => {
      const pixels = gunzipSync(readFileSync(dataPath('mlperf-tiny/vww01_rgb_u8.bin.gz')));
      const labels = readFileSync(dataPath('mlperf-tiny/vww01_labels_u8.bin'));
      const [plane, sample] = [96 * 96, 3 * 96 * 96];
      // Stored HWC; the model takes CHW.
      const at = (i: number) =>
        Math.floor(i / sample) * sample + (i % plane) * 3 + Math.floor((i % sample) / plane);
      return firstHundred(samples('input', [3, 96, 96], 1000, (i) => pixels[at(i)]! / 255, labels));
    },
  },
  {
    name: 'mnist_cntk',
    path: modelPath('mnist_cntk.onnx'),
    data: () => {
      const images = gunzipSync(readFileSync(dataPath('mnist/t10k-images-idx3-ubyte.gz'))).subarray(16);
      const labels = gunzipSync(readFileSync(dataPath('mnist/t10k-labels-idx1-ubyte.gz'))).subarray(8);
      return firstHundred(samples('Input3', [1, 28, 28], 10000, (i) => images[i]!, labels));
    },
  },
  {
    name: 'kwt1',
    path: modelPath('kwt1.onnx'),
    data: () => {
      const raw = gunzipSync(readFileSync(dataPath('kwt/kwt_mfcc_i16.bin.gz')));
      const mfcc = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
      const labels = readFileSync(dataPath('kwt/kwt_labels_u8.bin'));
      return firstHundred(samples('input', [98, 40], 920, (i) => mfcc[i]! / 64, labels));
    },
  },
];
