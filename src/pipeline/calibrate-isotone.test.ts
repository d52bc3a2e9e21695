import { expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { lcg } from '../base/random.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { Tensor } from '../ir/index.ts';
import { calibrate, compare, prepareModel, quantize } from '../pipeline.ts';
import { calibrateIsotone } from './calibrate-isotone.ts';

const engine = await onnxruntimeNode();
const random = lcg(3);
const uniform = (n: number): number[] => Array.from({ length: n }, () => Math.fround(2 * random() - 1));
/** Three classes that hardly differ, and a fourth that is far below them and makes the range. */
const scores = modelOfText(
  `input x: float32[1, 16]  ${constant('w', [16, 16], uniform(256))}
   ${constant(
     'v',
     [16, 4],
     uniform(64).map((v, i) => (i % 4 === 3 ? -30 : v / 4)),
   )}
   h = MatMul(x, w)  r = Relu(h)  s = MatMul(r, v)  y = Softmax(s)  output y: float32`,
);
const samples = (count: number, seed: number) => {
  const next = lcg(seed);
  const data = Float32Array.from({ length: 16 * count }, () => 2 * next() - 1);
  return datasetFromTensors({ x: Tensor.of('float32', [count, 16], data) });
};

test('answers that the default confuses are kept, and nothing but the end has another range', async () => {
  const prepared = prepareModel(scores, { target: 'qnn' });
  const calibration = await calibrateIsotone(prepared, samples(64, 1), { engine });
  expect([...calibration.tops!.keys()]).toEqual(['s']);
  const isotone = quantize(calibration);
  const mse = quantize(calibration, { method: 'mse' });
  expect(isotone.plan.method).toBe('isotone');
  expect(isotone.notes).toContainEqual({
    code: 'isotone-ends',
    where: "method 'isotone'",
    what: "the network decides in 1 of 4 tensors that become codes, 's'; the others take mse",
  });
  const { s: ours, ...others } = isotone.plan.values;
  const { s: usual, ...usualOthers } = mse.plan.values;
  expect(others).toEqual(usualOthers);
  expect(ours!.scale).toBeLessThan(usual!.scale / 2);
  const heldOut = samples(200, 2);
  const agreement = async (int8: typeof mse): Promise<number> =>
    (await compare(int8, heldOut, { engine })).agreement!;
  expect(await agreement(isotone)).toBeGreaterThan((await agreement(mse)) + 0.05);
  const again = quantize(await calibrateIsotone(prepared, samples(64, 1), { engine }));
  expect(Buffer.from(writeOnnx(again.model)).equals(writeOnnx(isotone.model))).toBe(true);
});

test('a target that leaves the scores float has nothing to keep, and says so', async () => {
  const calibration = await calibrateIsotone(prepareModel(scores), samples(8, 1), { engine });
  const int8 = quantize(calibration);
  expect(int8.notes).toContainEqual(
    expect.objectContaining({
      code: 'isotone-ends',
      what: expect.stringMatching(/^no tensor that becomes codes/),
    }),
  );
  expect(int8.plan.values).toEqual(quantize(calibration, { method: 'mse' }).plan.values);
});

test('without a second look at the samples the method says what it needs; progress and cancelling', async () => {
  const prepared = prepareModel(scores, { target: 'qnn' });
  const counted = await calibrate(prepared, samples(4, 1), { engine });
  expect(() => quantize(counted, { method: 'isotone' })).toThrow(/goes by the scores of single samples/);
  const phases = new Set<string>();
  await calibrateIsotone(prepared, samples(4, 1), { engine, onProgress: ({ phase }) => phases.add(phase) });
  expect([...phases]).toEqual(['calibrating', 'looking at scores']);
  const cancel = new AbortController();
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase === 'looking at scores') cancel.abort();
  };
  await expect(
    calibrateIsotone(prepared, samples(4, 1), { engine, onProgress, signal: cancel.signal }),
  ).rejects.toMatchObject({ code: 'CANCELLED' });
});
