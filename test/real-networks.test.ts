// Networks that are no tidy classifiers: detectors with a fixed batch, old opsets, several outputs, Resize and SiLU, and a
// transformer. Each quantizes for onnxruntime, runs, and its outputs are compared with the float model's.
import { expect, test } from 'vitest';
import type { DataOptions } from '../src/calibrate/readers/open-dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { opsetOf, requiredInputs } from '../src/ir/index.ts';
import { calibrate, compare, prepareModel, quantize } from '../src/pipeline.ts';
import {
  hasShared,
  labelledModels,
  modelPath,
  sharedFolder,
  sharedMissing,
} from './support/shared-models.ts';

const engine = await onnxruntimeNode();
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function prove(file: string, options: DataOptions) {
  const model = readOnnxFile(modelPath(file));
  const data = await openDataset(
    `${sharedFolder}/data/imagenet-flickr`,
    requiredInputs(model.graph),
    options,
  );
  const calibration = await calibrate(prepareModel(model, { target: 'ort-cpu' }), onlyOf(data, range(0, 8)), {
    engine,
  });
  const int8 = quantize(calibration);
  const proof = await compare(int8, onlyOf(data, range(100, 104)), { engine, labelled: true });
  return { int8, proof, opset: opsetOf(model) };
}

/** Floors stand well below what was measured (in brackets), to show a collapse and not a change of weather. */
test.skipIf(!hasShared)(
  `yolox_nano: opset 11, SiLU, Resize (8 dB: narrow depthwise layers) [skipped where ${sharedMissing}]`,
  async () => {
    const { proof, opset, int8 } = await prove('yolox_nano.onnx', {
      preset: '0-255',
      bgr: true,
      resize: { letterbox: 114 },
    });
    expect(opset).toBe(11);
    expect(opsetOf(int8.model)).toBe(13);
    expect(proof.task).toBe('tensors');
    expect(proof.outputs).toHaveLength(1);
    expect(proof.outputs[0]!.sqnrDb).toBeGreaterThan(5);
    expect(int8.plan.nodes.filter((n) => n.op === 'Conv' && n.action !== 'quantized')).toEqual([]);
  },
  120_000,
);

test.skipIf(!hasShared)(
  `ultraface: opset 9, two outputs (46 and 49 dB) [skipped where ${sharedMissing}]`,
  async () => {
    const { proof, opset } = await prove('ultraface_rfb_320.onnx', { mean: [127], std: [128] });
    expect(opset).toBe(9);
    expect(proof.outputs.map((o) => o.name)).toEqual(['scores', 'boxes']);
    expect(Math.min(...proof.outputs.map((o) => o.sqnrDb))).toBeGreaterThan(35);
  },
  120_000,
);

test.skipIf(!hasShared)(
  `kwt1: a transformer (98.8 % agreement on 820 samples) [skipped where ${sharedMissing}]`,
  async () => {
    const kwt1 = labelledModels.find((m) => m.name === 'kwt1')!;
    const data = await kwt1.data();
    const calibration = await calibrate(
      prepareModel(readOnnxFile(kwt1.path)),
      onlyOf(data.calib, range(0, 30)),
      { engine },
    );
    const proof = await compare(quantize(calibration), onlyOf(data.eval, range(0, 100)), { engine });
    expect(proof.agreement).toBeGreaterThan(0.96);
  },
  120_000,
);
