import { describe, expect } from 'vitest';
import { planText } from '../../test/support/hand-made-plan.ts';
import type { RuleCase } from '../../test/support/qdq-rules.ts';
import { constant, testRules } from '../../test/support/qdq-rules.ts';
import { constantOf } from '../ir/index.ts';
import { ortCpu } from './targets/ort-cpu.ts';

const transposed = { ...ortCpu, operators: [...ortCpu.operators, 'ConvTranspose'] };
const image = 'input x: float32[1, 2, 4, 4]';
const rows = 'input x: float32[3, 4]';
const f = Math.fround;
const ramp = (size: number): number[] =>
  Array.from({ length: size }, (_, i) => (i % 2 === 0 ? -1 - i : 1 + i));

/** The weight's scales lie along `axis` (or are one), and are 1/127 of the largest magnitude there. */
const axisIs = (
  rule: string,
  node: string,
  dims: readonly number[],
  axis: number | undefined,
  input = rows,
): RuleCase => ({
  rule,
  check() {
    const size = dims.reduce((n, d) => n * d, 1);
    const p = planText(`${input}\n${constant('w', dims, ramp(size))}\ny = ${node}\noutput y: float32`, {
      target: transposed,
    });
    const expected = axis === undefined ? [size] : sliceMaxima(dims, axis);
    expect(p.plan.weights.y).toEqual({
      dtype: 'int8',
      ...(axis === undefined ? {} : { axis }),
      scales: expected.map((amax) => f(amax / 127)),
    });
    const quant = p.quant('w_quantized')!;
    expect([quant.axis, ...quant.scales]).toEqual([axis, ...p.plan.weights.y!.scales]);
    expect(quant.zeroPoints.every((z) => z === 0)).toBe(true);
    const codes = constantOf(p.graph, 'w_quantized')!;
    expect([codes.dtype, ...codes.dims]).toEqual(['int8', ...dims]);
    expect(Math.max(...codes.toNumbers().map(Math.abs))).toBe(127);
  },
});

function sliceMaxima(dims: readonly number[], axis: number): number[] {
  const inner = dims.slice(axis + 1).reduce((n, d) => n * d, 1);
  const maxima = Array<number>(dims[axis]!).fill(0);
  const size = dims.reduce((n, d) => n * d, 1);
  for (let i = 0; i < size; i++) {
    const c = Math.floor(i / inner) % dims[axis]!;
    maxima[c] = Math.max(maxima[c]!, i + 1);
  }
  return maxima;
}

const staysFloat = (rule: string, node: string, reason: string, more = ''): RuleCase => ({
  rule,
  check() {
    const p = planText(`${rows}\n${constant('w', [4, 4])}\n${more}\ny = ${node}\noutput y: float32`);
    expect(p.decision('y')).toBe(`float: ${reason}`);
    expect(p.graph.nodes).toEqual(p.float.graph.nodes);
  },
});

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
/** Two Convs, of `x` and of its Relu (which nobody asked to merge), with one weight and one bias. */
const twins = (bias: readonly number[]): string => `${image}\n${w}\n${constant('b', [2], bias)}
  n = Neg(x)  c = Conv(x, w, b)  d = Conv(n, w, b)  output c: float32  output d: float32`;

describe('weights and biases', () =>
  testRules('Weights and biases', [
    axisIs('Conv', 'Conv(x, w)', [3, 2, 1, 1], 0, image),
    axisIs('Conv with groups', 'Conv(x, w) {group = 2}', [4, 1, 3, 3], 0, image),
    axisIs('ConvTranspose', 'ConvTranspose(x, w)', [2, 3, 2, 2], 1, image),
    axisIs('ConvTranspose with groups', 'ConvTranspose(x, w) {group = 2}', [2, 3, 2, 2], undefined, image),
    axisIs('Gemm, transB = 0', 'Gemm(x, w)', [4, 5], 1),
    axisIs('Gemm, transB = 1', 'Gemm(x, w) {transB = 1}', [5, 4], 0),
    staysFloat('Gemm, alpha or beta not 1', 'Gemm(x, w) {alpha = 0.5}', 'its alpha or beta is not 1'),
    staysFloat('Gemm, transA = 1', 'Gemm(x, w) {transA = 1}', 'its data input is transposed (transA)', ''),
    staysFloat(
      'Gemm whose bias is no row',
      'Gemm(x, w, b)',
      'its bias has not one element for each column',
      constant('b', [3, 4]),
    ),
    axisIs('MatMul with a matrix', 'MatMul(x, w)', [4, 5], 1),
    axisIs('MatMul with a batch of matrices', 'MatMul(x, w)', [2, 4, 5], undefined),
    {
      rule: 'MatMul of two values',
      check() {
        const p = planText(`${rows}\n${constant('w', [4, 4])}\n${constant('v', [3, 3])}
          a = MatMul(x, w)  t = Transpose(a) {perm = [1, 0]}  m = MatMul(a, t)  y = MatMul(m, v)  output y: float32`);
        expect(p.decision('m')).toBe('quantized: between INT8 operators');
        expect(p.maker('m')?.inputs).toEqual(['a', 't']);
        expect(Object.keys(p.plan.weights)).toEqual(['a', 'y']);
      },
    },
    {
      rule: 'weight that is computed',
      check() {
        const p = planText(`${image}\n${w}\nu = Abs(w)  y = Conv(x, u)  output y: float32`);
        expect(p.decision('y')).toBe('float: its weight is not a constant');
      },
    },
    {
      rule: 'stored weight',
      check() {
        const p = planText(`${image}\n${w}\ny = Conv(x, w)  output y: float32`);
        const { nodes, initializers } = p.spelled.graph;
        const dequantize = nodes.find((n) => n.inputs[0] === 'w_quantized');
        expect(dequantize).toMatchObject({
          op: 'DequantizeLinear',
          inputs: ['w_quantized', 'w_quantized_scale', 'w_quantized_zero_point'],
        });
        expect(dequantize?.attributes.get('axis')).toEqual({ type: 'int', value: 0n });
        expect(nodes.filter((n) => n.op === 'QuantizeLinear').map((n) => n.inputs[0])).toEqual([
          'x',
          'y_raw',
        ]);
        expect(initializers.has('w')).toBe(false);
        expect(initializers.get('w_quantized')?.toNumbers()).toEqual([127, 64, 16, 127]);
      },
    },
    {
      rule: 'bias',
      check() {
        const p = planText(`${image}\n${w}\n${constant('b', [2], [1, -3])}
          y = Conv(x, w, b)  output y: float32`);
        const { scale } = p.params('x')!;
        const scales = p.plan.weights.y!.scales.map((s) => f(scale * s));
        expect(p.quant('b_quantized')).toEqual({ dtype: 'int32', scales, zeroPoints: [0, 0], axis: 0 });
        const codes = constantOf(p.graph, 'b_quantized')!;
        expect(codes.dtype).toBe('int32');
        expect(codes.toNumbers()).toEqual([Math.round(1 / scales[0]!), Math.round(-3 / scales[1]!)]);
        const dequantize = p.spelled.graph.nodes.find((n) => n.inputs[0] === 'b_quantized');
        expect(dequantize?.inputs).toEqual(['b_quantized', 'b_quantized_scale']);
      },
    },
    {
      rule: 'bias that would overflow int32',
      check() {
        const p = planText(`${image}\n${w}\n${constant('b', [2], [1e9, -3])}
          y = Conv(x, w, b)  output y: float32`);
        const [raised, kept] = p.plan.weights.y!.scales;
        expect(kept).toBe(f(2 / 127));
        expect(raised).toBeGreaterThan(f(1 / 127));
        const [code] = constantOf(p.graph, 'b_quantized')!.toNumbers();
        expect(code).toBeLessThan(2 ** 31 - 1);
        expect(code! * p.quant('b_quantized')!.scales[0]!).toBeCloseTo(1e9, -3);
      },
    },
    {
      rule: 'bias of a MatMul',
      check() {
        const p = planText(`${rows}\n${constant('w', [4, 2])}\ny = MatMul(x, w)  output y: float32`, {
          change: (plan) => ({ ...plan, biasShifts: { y: [1, 2] } }),
        });
        expect(p.maker('y')?.inputs).toEqual(['x_quantized', 'w_quantized']);
      },
    },
    {
      rule: 'weight and bias shared, equal input scales',
      check() {
        const p = planText(twins([1, 2]));
        expect(p.maker('c_raw')?.inputs.slice(1)).toEqual(['w_quantized', 'b_quantized']);
        expect(p.maker('d_raw')?.inputs.slice(1)).toEqual(['w_quantized', 'b_quantized']);
        expect(p.maker('c_raw')?.inputs[0]).not.toBe(p.maker('d_raw')?.inputs[0]);
      },
    },
    {
      rule: 'bias shared, input scales differ',
      check() {
        const p = planText(twins([1, 2]), { ranges: { n: [-4, 4] } });
        const [c, d] = [p.maker('c_raw')!.inputs, p.maker('d_raw')!.inputs];
        expect(c[1]).toBe(d[1]);
        expect(c[2]).not.toBe(d[2]);
        const four = (name: string) => constantOf(p.graph, name)!.toNumbers();
        expect(four(c[2]!)[0]! / four(d[2]!)[0]!).toBeCloseTo(4, 3);
      },
    },
    {
      rule: 'weight shared, only one bias needs the guard',
      check() {
        const p = planText(twins([1e7, 2]), { ranges: { n: [-4e6, 4e6] } });
        const [c, d] = [p.maker('c_raw')!.inputs, p.maker('d_raw')!.inputs];
        expect(c[1]).not.toBe(d[1]);
        expect(c[2]).not.toBe(d[2]);
        expect(p.plan.weights.d!.scales).toEqual([f(1 / 127), f(2 / 127)]);
        expect(p.plan.weights.c!.scales[0]).toBeGreaterThan(f(1 / 127));
      },
    },
  ]));
