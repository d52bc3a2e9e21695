// LSTM, GRU and RNN against onnxruntime: directions, lengths, initial states, peepholes, activations, clipping.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import type { Attribute } from '../../ir/index.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, float, string } = attr;
const strings = (...values: string[]): Attribute => ({
  type: 'strings',
  value: values.map((v) => new TextEncoder().encode(v)),
});

function random(dims: readonly number[], seed: number, scale = 1): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, d) => a * d, 1);
  return Tensor.from(
    'float32',
    dims,
    Array.from({ length: count }, () => (next() * 2 - 1) * scale),
  );
}

const [steps, batch, size, hidden] = [5, 3, 4, 6];
const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Kind = keyof typeof gates;
const kinds = Object.keys(gates) as Kind[];

interface Parts {
  readonly directions?: number;
  readonly bias?: boolean;
  readonly lengths?: readonly number[];
  readonly states?: boolean;
  readonly peepholes?: boolean;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

function spec(
  op: Kind,
  { directions = 1, bias, lengths, states, peepholes, attributes }: Parts = {},
): OneNode {
  const rows = gates[op] * hidden;
  const state = [directions, batch, hidden];
  const inputs = [
    random([steps, batch, size], 1, 2),
    random([directions, rows, size], 2),
    random([directions, rows, hidden], 3),
    bias ? random([directions, 2 * rows], 4) : undefined,
    lengths && Tensor.from('int32', [batch], lengths),
    states ? random(state, 5) : undefined,
    ...(op === 'LSTM' && (states || peepholes) ? [states ? random(state, 6) : undefined] : []),
    ...(peepholes ? [random([directions, 3 * hidden], 7)] : []),
  ];
  while (inputs.at(-1) === undefined) inputs.pop();
  return {
    op,
    inputs,
    outputs: op === 'LSTM' ? 3 : 2,
    attributes: { hidden_size: int(hidden), ...attributes },
  };
}

const bidirectional = { direction: string('bidirectional') };
const cases: readonly OneNode[] = [
  ...kinds.flatMap((op) => [
    spec(op),
    spec(op, { bias: true, states: true }),
    spec(op, { bias: true, attributes: { direction: string('reverse') } }),
    spec(op, { directions: 2, bias: true, states: true, attributes: bidirectional }),
    spec(op, { directions: 2, bias: true, lengths: [5, 2, 4], attributes: bidirectional }),
    // Above every cell state: onnxruntime clips what goes into gates, but not what goes into LSTM's h, as ONNX's text has it.
    spec(op, { bias: true, attributes: { clip: float(0.9) } }),
  ]),
  spec('LSTM', { bias: true, states: true, peepholes: true }),
  spec('LSTM', { bias: true, peepholes: true, attributes: { input_forget: int(1) } }),
  spec('LSTM', { attributes: { activations: strings('HardSigmoid', 'Softsign', 'Relu') } }),
  spec('GRU', { bias: true, states: true, attributes: { linear_before_reset: int(1) } }),
  spec('GRU', {
    directions: 2,
    attributes: {
      ...bidirectional,
      activations: strings('HardSigmoid', 'ScaledTanh', 'Sigmoid', 'LeakyRelu'),
      activation_alpha: attr.floats([0.3, 0.8, 0.1]),
      activation_beta: attr.floats([0.4, 1.2]),
    },
  }),
  spec('RNN', { attributes: { activations: strings('Affine'), activation_alpha: attr.floats([0.5]) } }),
  spec('RNN', { attributes: { activations: strings('Elu') } }),
  spec('RNN', { attributes: { activations: strings('Softplus') } }),
  // Without an alpha onnxruntime's RNN takes another one than ThresholdedRelu has, 1.
  spec('RNN', {
    attributes: { activations: strings('ThresholdedRelu'), activation_alpha: attr.floats([0.7]) },
  }),
];

describe('onnxruntime', () => {
  test.each(cases.map((c, i) => [`${c.op} ${i}`, c] as const))('%s', (_, c) =>
    expectReferenceAgrees(c, { relative: 2e-5, absolute: 4e-6 }),
  );
});

/** [a, b, ...] to [b, a, ...]. */
function swapped(x: Tensor): Tensor {
  const [a, b, ...rest] = x.dims as [number, number, ...number[]];
  const inner = rest.reduce((p, d) => p * d, 1);
  const values = x.toNumbers();
  const from = (i: number): number => {
    const [row, column, at] = [Math.floor(i / inner / a), Math.floor(i / inner) % a, i % inner];
    return values[(column * b + row) * inner + at]!;
  };
  return Tensor.from(
    'float32',
    [b, a, ...rest],
    values.map((_, i) => from(i)),
  );
}

test.each(kinds)('%s: layout 1 is layout 0 with the batch in front', (op) => {
  const plain = spec(op, {
    directions: 2,
    bias: true,
    states: true,
    lengths: [5, 0, 3],
    attributes: bidirectional,
  });
  const moved: OneNode = {
    ...plain,
    inputs: plain.inputs.map((x, i) => (i === 0 || i === 5 || i === 6 ? swapped(x as Tensor) : x)),
    attributes: { ...plain.attributes, layout: int(1) },
  };
  const [first, second] = [runReference(plain), runReference(moved)];
  expect(second.slice(1).map((t) => swapped(t).toNumbers())).toEqual(
    first.slice(1).map((t) => t.toNumbers()),
  );
  const [y, z] = [first[0]!.toNumbers(), second[0]!.toNumbers()];
  const place = (t: number, d: number, b: number): number => ((t * 2 + d) * batch + b) * hidden;
  const placeBatchFirst = (t: number, d: number, b: number): number => ((b * steps + t) * 2 + d) * hidden;
  for (let t = 0; t < steps; t++)
    for (let d = 0; d < 2; d++)
      for (let b = 0; b < batch; b++) expect(z[placeBatchFirst(t, d, b)]).toBe(y[place(t, d, b)]);
});

test('an empty sequence leaves the state as it was, and zeros', () => {
  const c = spec('GRU', { states: true, lengths: [0, 0, 0] });
  const [y, h] = runReference(c);
  expect(new Set(y!.toNumbers())).toEqual(new Set([0]));
  expect(h!.toNumbers()).toEqual((c.inputs[5] as Tensor).toNumbers());
});

test('clipping holds for every activation, the last of LSTM too', () => {
  const attributes = { clip: float(0.25), activations: strings('Affine', 'Affine', 'Affine') };
  const one = (...values: number[]): Tensor => Tensor.from('float32', [1, values.length, 1], values);
  const zeros = one(0, 0, 0, 0);
  // All gates are clipped to 0.25, the cell becomes 0.25 * 1000 + 0.25 * 0.25, and h shows it as 0.25 * 0.25.
  const bias = Tensor.from('float32', [1, 8], [9, 9, 9, 9, 0, 0, 0, 0]);
  const inputs = [one(0), zeros, zeros, bias, undefined, one(0), one(1000)];
  const results = runReference({ op: 'LSTM', inputs, outputs: 3, attributes });
  expect(results.map((t) => t.toNumbers())).toEqual([[0.0625], [0.0625], [250.0625]]);
});

test('states are rounded at every step', () => {
  const one = (value: number, ...dims: number[]): Tensor => Tensor.from('float32', dims, [value]);
  const x = Tensor.from('float32', [2, 1, 1], [Math.fround(0.3), 0]);
  const [y] = runReference({ op: 'RNN', inputs: [x, one(1, 1, 1, 1), one(1, 1, 1, 1)] });
  const first = Math.fround(Math.tanh(Math.fround(0.3)));
  expect(y!.toNumbers()).toEqual([first, Math.fround(Math.tanh(first))]);
});

test('what does not fit is refused by name', () => {
  const wrong = (attributes: Record<string, Attribute>) => () => runReference(spec('LSTM', { attributes }));
  expect(wrong({ hidden_size: int(7) })).toThrow('hidden_size is 7');
  expect(wrong({ direction: string('sideways') })).toThrow("'sideways'");
  expect(wrong({ activations: strings('Tanh') })).toThrow('1 activations, not 3');
  expect(wrong({ activations: strings('Tanh', 'Swish', 'Tanh') })).toThrow("'Swish'");
  expect(() => runReference(spec('LSTM', { lengths: [9, 1, 1] }))).toThrow('of 0 to 5');
  expect(() => runReference(spec('LSTM', { attributes: bidirectional }))).toThrow('not [2,24,4]');
});
