import { expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { lcg } from '../base/random.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { Tensor } from '../ir/index.ts';
import { calibrate, prepareModel, quantize, quantizeByPlan } from '../pipeline.ts';
import { planFromJson, planToJson } from '../quantize/plan.ts';
import { calibrateAuto } from './calibrate-auto.ts';

const engine = await onnxruntimeNode();

/** Small values, and in some samples one far beyond them, which the second layer does not look at. */
function spiky(count: number): Dataset {
  const random = lcg(7);
  const data = Float32Array.from({ length: count * 64 }, () => random() - 0.5);
  for (let i = 0; i < count; i += 5) data[64 * i] = 300;
  return datasetFromTensors({ x: Tensor.of('float32', [count, 64], data) });
}

const weights = Array.from({ length: 64 * 4 }, (_, i) =>
  i < 4 ? 0 : Math.fround(((i * 7) % 11) / 11 - 0.5),
);
const deaf = modelOfText(
  `input x: float32[1, 64]  ${constant('w', [64, 4], weights)}  ${constant('b', [4], [0, 0, 0, 0])}
   y = Gemm(x, w, b)  output y: float32`,
);

test('a tensor takes what leaves least error behind it, and the plan says why', async () => {
  const prepared = prepareModel(deaf);
  const calibration = await calibrateAuto(prepared, spiky(40), { engine });
  const [choice] = calibration.choices!.tensors;
  const scores = new Map(choice!.scores.map((s) => [s.method, s.decibels]));
  // Mapping 300 leaves two codes to values below a half.
  expect(choice).toMatchObject({ value: 'x', why: expect.stringMatching(/dB behind it/) });
  expect(scores.get(choice!.method)!).toBeGreaterThan(scores.get('minmax')! - 0.1);
  const int8 = quantize(calibration);
  expect(int8.plan).toMatchObject({ method: 'auto', choices: { x: `${choice!.method}: ${choice!.why}` } });
  expect(int8.notes).toContainEqual(expect.objectContaining({ code: 'methods-chosen' }));
  expect(int8.plan.values.x).toEqual(quantize(calibration, { method: choice!.method }).plan.values.x);
  const again = quantizeByPlan(prepared, planFromJson(planToJson(int8.plan), 'plan.json'));
  expect(again.plan.choices).toEqual(int8.plan.choices);
});

test('the statistics are those of all samples, and the same comes out on every run', async () => {
  const prepared = prepareModel(deaf);
  const samples = spiky(11);
  const auto = await calibrateAuto(prepared, samples, { engine });
  const plain = await calibrate(prepared, samples, { engine });
  expect(auto.samples).toBe(11);
  expect(auto.ledger.fingerprint()).toBe(plain.ledger.fingerprint());
  for (const [value, statistic] of plain.statistics)
    expect(statistic.equals(auto.statistics.get(value)!), value).toBe(true);
  // Of any iterable, too, which is not asked for single samples.
  const once: Dataset = { [Symbol.asyncIterator]: () => samples[Symbol.asyncIterator]() };
  const again = await calibrateAuto(prepared, once, { engine });
  expect(again.choices).toEqual(auto.choices);
  expect(Buffer.from(writeOnnx(quantize(again).model)).equals(writeOnnx(quantize(auto).model))).toBe(true);
});

test('progress goes through every phase, and each can be cancelled', async () => {
  const prepared = prepareModel(deaf);
  const phases = new Map<string, string>();
  await calibrateAuto(prepared, spiky(8), {
    engine,
    onProgress: ({ phase, done, total }) => phases.set(phase, `${done}/${total}`),
  });
  expect([...phases.keys()]).toEqual(['calibrating', 'scoring layers', 'trying methods']);
  for (const text of phases.values()) expect(text).toMatch(/^(\d+)\/\1$/);
  for (const phase of phases.keys()) {
    const cancel = new AbortController();
    const onProgress = (p: { phase: string }): void => (p.phase === phase ? cancel.abort() : undefined);
    const work = calibrateAuto(prepared, spiky(8), { engine, onProgress, signal: cancel.signal });
    await expect(work, phase).rejects.toMatchObject({ code: 'CANCELLED' });
  }
});

test('too few samples to judge by, and a choice that nobody made, are told', async () => {
  const prepared = prepareModel(deaf);
  await expect(calibrateAuto(prepared, spiky(3), { engine })).rejects.toMatchObject({
    code: 'DATA',
    what: expect.stringMatching(/only 3 in all/),
  });
  const plain = await calibrate(prepared, spiky(4), { engine });
  expect(() => quantize(plain, { method: 'auto' })).toThrow(
    expect.objectContaining({ code: 'CALIBRATION', remedy: expect.stringMatching(/calibrateAuto/) }),
  );
});
