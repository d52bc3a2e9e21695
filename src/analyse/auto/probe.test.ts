// The energies a probe hands over, against the same worked out by hand.
import { expect, test } from 'vitest';
import { modelOfText } from '../../../test/support/hand-made-plan.ts';
import { constant } from '../../../test/support/qdq-rules.ts';
import { openSession } from '../../calibrate/open-session.ts';
import { onnxruntimeNode } from '../../engines/onnxruntime-node.ts';
import { Tensor } from '../../ir/index.ts';
import { inferTypes } from '../../ops/infer-types.ts';
import type { ParamGroup } from '../../quantize/decision.ts';
import { probeModel } from './probe.ts';

const weight = [1, -2, 0.5, 3];
const text = `input x: float32[1, 2]  ${constant('w', [2, 2], weight)}
  h = MatMul(x, w)  r = Relu(h)  z = Neg(x)  output r: float32  output z: float32`;

test('each layer runs on the value and on what its codes stand for, with the clamp behind it', async () => {
  const model = modelOfText(text);
  const group: ParamGroup = { values: ['x'], roots: ['x'] };
  const candidates = [0.5, 0.125].map((scale) => ({ dtype: 'uint8', scale, zeroPoint: 128 }) as const);
  const { model: probe, sinks } = probeModel(model, inferTypes(model), new Map([[group, candidates]]));
  const session = await openSession(await onnxruntimeNode(), probe, { optimization: 'none' });
  const x = [0.3, -0.7];
  const energies = await session.run({ x: Tensor.from('float32', [1, 2], x) });
  await session.dispose();
  const at = (name: string): number => energies[name]!.data('float32')[0]!;

  const layers = [
    (v: readonly number[]) => [v[0]! + 0.5 * v[1]!, -2 * v[0]! + 3 * v[1]!].map((h) => Math.max(h, 0)),
    (v: readonly number[]) => v.map((h) => -h),
    (v: readonly number[]) => v,
  ];
  const found = sinks.get(group)!;
  expect(found).toHaveLength(3);
  for (const [i, { signal, noise }] of found.entries()) {
    const truth = layers[i]!(x);
    expect(at(signal)).toBeCloseTo(
      truth.reduce((n, h) => n + h * h, 0),
      6,
    );
    for (const [c, { scale }] of candidates.entries()) {
      const made = layers[i]!(x.map((v) => scale * Math.round(v / scale)));
      const error = truth.reduce((n, h, k) => n + (h - made[k]!) ** 2, 0);
      expect(at(noise[c]!)).toBeCloseTo(error, 6);
    }
  }
});
