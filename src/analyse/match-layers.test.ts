import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { foreignModel } from '../../test/support/foreign-model.ts';
import { planModel } from '../../test/support/hand-made-plan.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import type { Model } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { prepare } from '../passes/preset.ts';
import { matchBest } from './compare-any.ts';
import type { LayerMatch } from './match-layers.ts';

const graph = (body: string): Model => parseModel(`ir 8 opset 17 graph g { ${body} }`);
/** `layer -> the other one's layer` of every match. */
const pairs = (matches: readonly LayerMatch[]): string[] =>
  matches.map((m) => `${m.layer} -> ${m.otherLayer}`);

const conv = (name: string, seed: number): string =>
  `const ${name}: float32[4, 4, 1, 1] = random(${seed}, 0.5)`;
const io = 'input x: float32[1, 4, 6, 6]';

describe('by structure', () => {
  test('branches alike are told apart by their weights', () => {
    const reference = graph(
      `${io} ${conv('w1', 1)} ${conv('w2', 2)} a = Conv(x, w1) b = Conv(x, w2) y = Concat(a, b) {axis = 1} output y: float32`,
    );
    const other = graph(
      `input i: float32[1, 4, 6, 6] ${conv('p', 2)} ${conv('q', 1)} c = Conv(i, p) d = Conv(i, q) e = Concat(d, c) {axis = 1} output e: float32`,
    );
    const { matches, unmatchedOther, unmatchedReference } = matchBest(reference, other).matching;
    expect(pairs(matches).sort()).toEqual(['a -> d', 'b -> c', 'y -> e']);
    expect(matches.map((m) => m.by)).toEqual(['structure', 'structure', 'structure']);
    expect([unmatchedOther, unmatchedReference]).toEqual([[], []]);
  });

  test('what the other model has fused is followed through', () => {
    const reference = graph(
      `${io} ${conv('w1', 1)} ${conv('w2', 2)} a = Conv(x, w1) r = Relu(a) y = Conv(r, w2) output y: float32`,
    );
    // The zero point does the clamping; its codes are the Relu's.
    const other = graph(
      `${io} ${conv('p', 1)} ${conv('q', 2)} const s: float32[] = [0.1] const z: uint8[] = [0]
       c = Conv(x, p) k = QuantizeLinear(c, s, z) f = DequantizeLinear(k, s, z) e = Conv(f, q) output e: float32`,
    );
    const { matches, unmatchedReference } = matchBest(reference, other).matching;
    expect(pairs(matches)).toEqual(['r -> c', 'y -> e']);
    expect(matches[0]!.other).toMatchObject({ name: 'k', dtype: 'uint8' });
    expect(unmatchedReference).toEqual([]);
  });

  test('what only the reference has fused is followed through', () => {
    const reference = graph(
      `input x: float32[2, 4] const w: float32[4, 3] = random(1, 1) const b: float32[3] = [1, 2, 3]
       y = Gemm(x, w, b) r = Tanh(y) output r: float32`,
    );
    const other = graph(
      `input i: float32[2, 4] const p: float32[4, 3] = random(1, 1) const q: float32[3] = [1, 2, 3]
       m = MatMul(i, p) s = Add(m, q) t = Tanh(s) output t: float32`,
    );
    const { matches } = matchBest(reference, other).matching;
    expect(pairs(matches)).toEqual(['y -> s', 'r -> t']);
  });

  test('the bias at the end belongs to its layer as well', () => {
    const reference = graph(
      `input x: float32[2, 4] const w: float32[4, 3] = random(1, 1) const b: float32[3] = [1, 2, 3]
       y = Gemm(x, w, b) output y: float32`,
    );
    const other = graph(
      `input i: float32[2, 4] const p: float32[4, 3] = random(1, 1) const q: float32[3] = [1, 2, 3]
       m = MatMul(i, p) s = Add(m, q) output s: float32`,
    );
    expect(pairs(matchBest(reference, other).matching.matches)).toEqual(['y -> s']);
  });

  test('layers without a partner are named', () => {
    const reference = graph(`${io} ${conv('w', 1)} a = Conv(x, w) y = Sigmoid(a) output y: float32`);
    const other = graph(`${io} ${conv('w', 1)} c = Conv(x, w) d = Tanh(c) output d: float32`);
    const { matches, unmatchedOther, unmatchedReference } = matchBest(reference, other).matching;
    expect(pairs(matches)).toEqual(['a -> c']);
    expect([unmatchedReference, unmatchedOther]).toEqual([['y'], ['d']]);
  });

  test('equal names of values that are computed otherwise do not count', () => {
    const reference = graph(`${io} ${conv('w', 1)} a = Conv(x, w) b = Tanh(a) output b: float32`);
    const other = graph(`${io} ${conv('w', 1)} b = Conv(x, w) a = Tanh(b) output a: float32`);
    expect(pairs(matchBest(reference, other).matching.matches)).toEqual(['a -> b', 'b -> a']);
  });
});

describe('a whole network', () => {
  const model = readOnnxFile(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url).pathname);
  let int8: Model;
  beforeAll(() => {
    int8 = planModel(prepare(model)).spelled;
  });

  test('as Octavo wrote it: every layer by its name', () => {
    const { matches, unmatchedOther, unmatchedReference } = matchBest(model, int8).matching;
    expect(matches.length).toBe(33);
    expect(matches.every((m) => m.by === 'name')).toBe(true);
    expect([unmatchedOther, unmatchedReference]).toEqual([[], []]);
  });

  test('renamed and reordered: the same pairs by structure', () => {
    const known = matchBest(model, int8)
      .matching.matches.map((m) => m.layer)
      .sort();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seed) => {
        const { matches, unmatchedOther, unmatchedReference } = matchBest(
          model,
          foreignModel(int8, seed),
        ).matching;
        expect(matches.every((m) => m.by === 'structure')).toBe(true);
        expect(matches.map((m) => m.layer).sort()).toEqual(known);
        expect([unmatchedOther, unmatchedReference]).toEqual([[], []]);
      }),
      { numRuns: 10 },
    );
  });
});
