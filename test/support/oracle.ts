// INT8 models in Octavo's arithmetic and in onnxruntime: answers, outputs, and each layer fed with onnxruntime's values.

import { argmax } from '../../src/analyse/metrics.ts';
import { datasetFromTensors } from '../../src/calibrate/arrays.ts';
import type { Dataset } from '../../src/calibrate/dataset.ts';
import { openSession } from '../../src/calibrate/open-session.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { tapModel } from '../../src/calibrate/tap.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { interpret } from '../../src/engines/interpreter/interpret.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { spellQdq } from '../../src/formats/onnx/spell-qdq.ts';
import type { Port } from '../../src/ir/index.ts';
import { requiredInputs, Tensor } from '../../src/ir/index.ts';
import { calibrate, prepareModel, type QuantizedModel, quantize } from '../../src/pipeline.ts';
import { fedModels } from './fed-models.ts';
import { seeded } from './seeded-tensor.ts';
import { labelledModels, modelPath } from './shared-models.ts';

export interface OracleModel {
  readonly name: string;
  readonly path: string;
  readonly labelled: boolean;
  readonly data: () => Promise<{ calib: Dataset; eval: Dataset }>;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Of the autoencoder there is no data: spectra in dB are as many negative numbers. */
const autoencoder: OracleModel = {
  name: 'mlperf_ad01',
  path: modelPath('mlperf_ad01.onnx'),
  labelled: false,
  data: async () => {
    const [{ name }] = requiredInputs(readOnnxFile(modelPath('mlperf_ad01.onnx')).graph) as [Port];
    const spectra = (seed: number, count: number): Dataset => {
      const values = seeded(seed)
        .floats(count, 640)
        .toNumbers()
        .map((v) => 30 * v - 30);
      return datasetFromTensors({ [name]: Tensor.from('float32', [count, 640], values) });
    };
    return { calib: spectra(1, 32), eval: spectra(2, 64) };
  },
};

/** The labelled models, the detectors and the autoencoder. */
export const oracleModels: readonly OracleModel[] = [
  ...labelledModels.map((m) => ({ ...m, labelled: true })),
  ...fedModels
    .filter((fed) => !labelledModels.some((m) => m.name === fed.name))
    .map(({ name, path, samples }) => ({
      name,
      path,
      labelled: false,
      data: async () => {
        const window = await samples('right', 0);
        return { calib: onlyOf(window, range(0, 32)), eval: onlyOf(window, range(32, 64)) };
      },
    })),
  autoencoder,
];

export async function int8Of(engine: Engine, model: OracleModel, target?: string): Promise<QuantizedModel> {
  const { calib } = await model.data();
  const prepared = prepareModel(readOnnxFile(model.path), target === undefined ? {} : { target });
  return quantize(await calibrate(prepared, onlyOf(calib, range(0, Math.min(32, calib.size!))), { engine }));
}

export interface LayerDifference {
  readonly name: string;
  readonly op: string;
  readonly elements: number;
  readonly differing: number;
  readonly steps: number;
}

export interface OracleResult {
  readonly samples: number;
  /** Share of samples with the same largest output. */
  readonly agreement: number | undefined;
  readonly outputs: { readonly differing: number; readonly largest: number };
  /** Share of samples whose outputs differ by more than the last bits of a float: somewhere a code is another. */
  readonly otherCodes: number;
  readonly layers: readonly LayerDifference[];
  readonly ourMs: number;
}

export async function compareWithOnnxruntime(
  engine: Engine,
  int8: QuantizedModel,
  options: {
    readonly data: Dataset;
    readonly labelled: boolean;
    readonly samples: number;
    readonly layerSamples: number;
  },
): Promise<OracleResult> {
  const all = options.data;
  const samples = onlyOf(all, range(0, Math.min(options.samples, all.size!)));
  const whole = await compareWhole(engine, int8, samples, options.labelled);
  const few = onlyOf(all, range(0, Math.min(options.layerSamples, all.size!)));
  return { ...whole, layers: await compareLayerByLayer(engine, int8, few) };
}

async function compareWhole(
  engine: Engine,
  int8: QuantizedModel,
  samples: Dataset,
  labelled: boolean,
): Promise<Omit<OracleResult, 'layers'>> {
  const session = await openSession(engine, int8.model);
  let [count, same, elements, differing, largest, others, ms] = [0, 0, 0, 0, 0, 0, 0];
  for await (const { inputs } of samples) {
    const start = performance.now();
    const ours = interpret(int8.graph, inputs);
    ms += performance.now() - start;
    const theirs = await session.run(inputs);
    let [agrees, isOther] = [true, false];
    for (const [name, tensor] of Object.entries(theirs)) {
      const [a, b] = [ours[name]!.toFloat32(), tensor.toFloat32()];
      if (argmax(a) !== argmax(b)) agrees = false;
      const noise = 1e-5 * b.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      for (let i = 0; i < b.length; i++) {
        elements++;
        if (a[i] !== b[i]) differing++;
        largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
        if (Math.abs(a[i]! - b[i]!) > noise) isOther = true;
      }
    }
    count++;
    if (isOther) others++;
    if (agrees) same++;
  }
  await session.dispose();
  return {
    samples: count,
    agreement: labelled ? same / count : undefined,
    outputs: { differing: differing / elements, largest },
    otherCodes: others / count,
    ourMs: ms / count,
  };
}

/** Behind each node, its codes are replaced by those that onnxruntime made there. */
async function compareLayerByLayer(
  engine: Engine,
  int8: QuantizedModel,
  samples: Dataset,
): Promise<readonly LayerDifference[]> {
  const { codes } = spellQdq(int8.graph);
  const layers = new Map<string, { op: string; elements: number; differing: number; steps: number }>();
  const session = await openSession(engine, tapModel(int8.model, [...codes.values()], 'uint8'));
  for await (const { inputs } of samples) {
    const theirs = await session.run(inputs);
    interpret(int8.graph, inputs, undefined, {
      onNode: ({ node, outputs }) => {
        const instead = new Map<string, Tensor>();
        for (const [name, tensor] of outputs) {
          const other = theirs[codes.get(name) ?? ''];
          if (other === undefined) continue;
          const layer = layers.get(name) ?? { op: node.op, elements: 0, differing: 0, steps: 0 };
          const [a, b] = [tensor.toNumbers(), other.toNumbers()];
          layer.elements += a.length;
          for (let i = 0; i < a.length; i++) {
            if (a[i] !== b[i]) layer.differing++;
            layer.steps = Math.max(layer.steps, Math.abs(a[i]! - b[i]!));
          }
          layers.set(name, layer);
          instead.set(name, other);
        }
        return instead;
      },
    });
  }
  await session.dispose();
  return [...layers].map(([name, layer]) => ({ name, ...layer }));
}
