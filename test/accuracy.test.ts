/**
 * Floors under what INT8 loses, end to end, on trained models with labelled data: onnxruntime at its default optimisations.
 * And determinism: the same samples, in whatever order they come, give the same bytes.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../src/formats/onnx/index.ts';
import { requiredInputs } from '../src/ir/index.ts';
import type { QuantizedModel } from '../src/pipeline.ts';
import { calibrate, compare, prepareModel, quantize, quantizeByPlan } from '../src/pipeline.ts';
import { planFromJson, planToJson } from '../src/quantize/plan.ts';
import { hasShared, labelledModels, sharedMissing } from './support/shared-models.ts';

const engine = await onnxruntimeNode();
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function int8Of(path: string, calib: Dataset): Promise<QuantizedModel> {
  return quantize(await calibrate(prepareModel(readOnnxFile(path)), calib, { engine }));
}

/** Agreement and points of accuracy lost. */
async function proveOf(int8: QuantizedModel, samples: Dataset): Promise<{ agreement: number; drop: number }> {
  const proof = await compare(int8, samples, { engine, labelled: true });
  const accuracy = proof.accuracy!;
  expect(accuracy.labelled).toBe(proof.samples);
  return { agreement: proof.agreement!, drop: 100 * (accuracy.reference - accuracy.other) };
}

describe('fashion-mnist', async () => {
  const folder = fileURLToPath(new URL('../examples/fashion-mnist/', import.meta.url));
  const path = join(folder, 'model.onnx');
  const ports = requiredInputs(readOnnxFile(path).graph);
  const open = (file: string) => openDataset(join(folder, file), ports, { preset: '0-1' });
  const calib = onlyOf(await open('calib.npz'), range(0, 100));
  const whole = await int8Of(path, calib);
  const bytes = writeOnnx(whole.model);

  test('agrees on 98 % of the first 500 test images and is within one point', async () => {
    const { agreement, drop } = await proveOf(whole, onlyOf(await open('test.npz'), range(0, 500)));
    expect(agreement).toBeGreaterThanOrEqual(0.98);
    expect(drop).toBeLessThanOrEqual(1);
  });

  test('a second run gives the same bytes', async () => {
    expect(Buffer.compare(writeOnnx((await int8Of(path, calib)).model), bytes)).toBe(0);
  });

  test('the same samples in another order give the same bytes', async () => {
    const shuffled = range(0, 100).map((i) => (i * 37 + 11) % 100);
    const again = await int8Of(path, onlyOf(await open('calib.npz'), shuffled));
    expect(planToJson(again.plan)).toBe(planToJson(whole.plan));
    expect(Buffer.compare(writeOnnx(again.model), bytes)).toBe(0);
  });

  test('other samples do not', async () => {
    const other = await int8Of(path, onlyOf(await open('calib.npz'), range(100, 110)));
    expect(planToJson(other.plan)).not.toBe(planToJson(whole.plan));
  });

  test('a saved plan gives the same graph and weights without data', () => {
    const plan = planFromJson(planToJson(whole.plan), 'plan.json');
    const replayed = quantizeByPlan(prepareModel(readOnnxFile(path)), plan);
    // Only the metadata differs: it says that the plan was replayed.
    const options = whole.model.metadata.get('octavo.options')!;
    expect(replayed.model.metadata.get('octavo.options')).not.toBe(options);
    const metadata = new Map([...replayed.model.metadata, ['octavo.options', options]]);
    expect(Buffer.compare(writeOnnx({ ...replayed.model, metadata }), bytes)).toBe(0);
    expect(replayed.calibrationSamples).toBe(0);
    expect(replayed.layers).toEqual(whole.layers);
  });
});

describe.skipIf(!hasShared)(`real models (else skipped: ${sharedMissing})`, () => {
  const floors = { resnet20: 0.98, mlperf_kws01: 0.98, mlperf_ic01: 0.98, mnist_cntk: 0.98 };
  test.each(Object.entries(floors))('%s', async (name, floor) => {
    const model = labelledModels.find((m) => m.name === name)!;
    const { calib, eval: proof } = await model.data();
    const samples = onlyOf(proof, range(0, Math.min(500, proof.size!)));
    const { agreement, drop } = await proveOf(await int8Of(model.path, calib), samples);
    expect(agreement).toBeGreaterThanOrEqual(floor);
    expect(drop).toBeLessThanOrEqual(1);
  });
});
