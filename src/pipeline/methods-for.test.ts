import { expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { lcg } from '../base/random.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { Tensor } from '../ir/index.ts';
import { calibrate, prepareModel, quantize } from '../pipeline.ts';

const engine = await onnxruntimeNode();
const random = lcg(1);
const weight = Array.from({ length: 16 }, random);
const attention = modelOfText(
  `input x: float32[1, 4, 4]  ${constant('wq', [4, 4], weight)}  ${constant('wv', [4, 4], weight)}
   q = MatMul(x, wq)  v = MatMul(x, wv)  k = Transpose(x) {perm = [0, 2, 1]}
   s = MatMul(q, k)  a = Softmax(s)  y = MatMul(a, v)  output y: float32`,
);
const plain = modelOfText(
  `input x: float32[1, 4, 4]  ${constant('wq', [4, 4], weight)}  q = MatMul(x, wq)  y = Softmax(q)  output y: float32`,
);
const samples = datasetFromTensors({
  x: Tensor.of('float32', [8, 4, 4], Float32Array.from({ length: 128 }, random)),
});

test('a network with attention has a default of its own, and says so', async () => {
  const calibration = await calibrate(prepareModel(attention), samples, { engine });
  const int8 = quantize(calibration);
  expect(int8.plan.method).toBe('mean-minmax');
  expect(int8.notes).toContainEqual(expect.objectContaining({ code: 'transformer-method' }));
  const named = quantize(calibration, { method: 'mse' });
  expect(named.plan.method).toBe('mse');
  expect(named.notes.map((note) => note.code)).not.toContain('transformer-method');
});

test('any other one has the common default, and there is nothing to say', async () => {
  const int8 = quantize(await calibrate(prepareModel(plain), samples, { engine }));
  expect(int8.plan.method).toBe('mse');
  expect(int8.notes.map((note) => note.code)).not.toContain('transformer-method');
});
