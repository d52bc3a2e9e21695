import { expect, test } from 'vitest';
import { parseModel } from '../ir/text.ts';
import { reachOf } from './reach.ts';
import { readersOf } from './readers.ts';

const inf = Number.POSITIVE_INFINITY;

/** Reach of `x`, which the nodes read. */
function reachOfX(nodes: string, outputs: readonly string[] = ['y']) {
  const ports = outputs.map((name) => `output ${name}: float32[1, 4]`).join('\n');
  const { graph } = parseModel(`ir 8\nopset 20\ngraph g {\ninput x: float32[1, 4]\n${nodes}\n${ports}\n}`);
  return reachOf('x', graph, readersOf(graph));
}

test.each([
  ['a Sigmoid', 'y = Sigmoid(x)', { lo: -7, hi: 7 }],
  ['a Tanh', 'y = Tanh(x)', { lo: -4, hi: 4 }],
  ['a HardSwish', 'y = HardSwish(x)', { lo: -3, hi: inf }],
  ['a HardSigmoid, exactly', 'y = HardSigmoid(x) {alpha = 0.25, beta = 0.5}', { lo: -2, hi: 2 }],
  ['a Relu', 'y = Relu(x)', { lo: 0, hi: inf }],
  ['a SiLU', 's = Sigmoid(x)\ny = Mul(x, s)', { lo: -8, hi: inf }],
  ['a SiLU the other way round', 's = Sigmoid(x)\ny = Mul(s, x)', { lo: -8, hi: inf }],
  ['a product with something else', 's = Exp(x)\ny = Mul(x, s)', { lo: -inf, hi: inf }],
  ['a Sigmoid and an Exp', 's = Sigmoid(x)\nt = Exp(x)\ny = Add(s, t)', { lo: -inf, hi: inf }],
] as const)('%s', (_, body, reach) => {
  expect(reachOfX(body)).toEqual(reach);
});

test('an output reaches everywhere', () => {
  expect(reachOfX('y = Sigmoid(x)', ['y', 'x'])).toEqual({ lo: -inf, hi: inf });
});
