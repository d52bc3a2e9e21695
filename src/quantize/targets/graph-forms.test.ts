// The graph each profile's fields ask for, on small models.
import { describe, expect, test } from 'vitest';
import { type PlanTextOptions, planText } from '../../../test/support/hand-made-plan.ts';
import { constant } from '../../../test/support/qdq-rules.ts';
import { spellQdq } from '../../formats/onnx/spell-qdq.ts';
import { constantOf } from '../../ir/index.ts';
import { parseModel } from '../../ir/text.ts';
import { applyPlan } from '../apply.ts';
import { checkStaticShapes } from '../static-shapes.ts';
import { octavo } from './octavo.ts';
import { ortCpu } from './ort-cpu.ts';
import { ortWeb } from './ort-web.ts';
import { qnn } from './qnn.ts';
import { tensorrt } from './tensorrt.ts';
import { webnn } from './webnn.ts';

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
const image = `input x: float32[1, 2, 4, 4]  ${w}`;
const bounds = 'const lo: float32[] = [-1]  const hi: float32[] = [6]';

const plan = (target: typeof ortCpu | object, body: string, options: PlanTextOptions = {}) =>
  planText(`${image}  ${bounds}  ${body}`, { ...options, target: target as typeof ortCpu });
type Planned = ReturnType<typeof planText>;
const ops = (p: Planned): string => p.graph.nodes.map((n) => n.op).join(' ');
const inputs = (p: Planned, name: string) => p.graph.nodes.find((n) => n.name === name)?.inputs;

describe('clamps that are kept', () => {
  test.each([tensorrt, webnn])(
    '$id: between the operator and its codes, with parameters of their own',
    (target) => {
      const p = plan(target, 'c = Conv(x, w)  r = Relu(c)  y = Conv(r, w)  output y: float32', {
        ranges: { r: [0, 12.7] },
      });
      expect(p.decision('r')).toBe(`float: ${target.id} fuses it with the operator before it`);
      expect(p.params('c')).toBeUndefined();
      expect(p.params('r')).toEqual({ dtype: 'int8', scale: Math.fround(0.1), zeroPoint: 0 });
      expect(inputs(p, 'r')).toEqual(['c']);
      expect(p.maker('r')).toMatchObject({ op: 'QuantizeLinear', inputs: ['r_clamped'] });
      expect(inputs(p, 'y')![0]).toBe('r');
    },
  );

  test('whatever the bounds, and behind an Add as well', () => {
    const p = plan(
      tensorrt,
      'c = Conv(x, w)  r = Clip(c, lo, hi)  d = Conv(r, w)  a = Add(d, r)  s = Relu(a)  y = Conv(s, w)  output y: float32',
    );
    expect(ops(p)).toBe('QuantizeLinear Conv Clip QuantizeLinear Conv Add Relu QuantizeLinear Conv');
    expect(inputs(p, 'a')).toEqual(['d', 'r']);
  });

  test('who needs the float reads it from the codes, the caller too', () => {
    const p = plan(
      webnn,
      'c = Conv(x, w)  r = Relu(c)  n = Neg(r)  y = Conv(r, w)  output r: float32  output n: float32  output y: float32',
    );
    expect(p.maker('r')).toMatchObject({ op: 'DequantizeLinear', inputs: ['r_raw'] });
    expect(p.maker('r_raw')).toMatchObject({ op: 'QuantizeLinear', inputs: ['r_clamped'] });
    expect(inputs(p, 'n')).toEqual(['r']);
  });

  test('not where somebody else reads the operator, nor where nobody wants codes', () => {
    const shared = plan(
      webnn,
      'c = Conv(x, w)  r = Relu(c)  y = Conv(r, w)  z = Conv(c, w)  output y: float32  output z: float32',
    );
    expect(shared.decision('r')).toBe('float: the value before it is used elsewhere as well');
    const last = plan(tensorrt, 'c = Conv(x, w)  r = Relu(c)  output r: float32');
    expect(ops(last)).toBe('QuantizeLinear Conv Relu');
  });
});

describe('an Add behind linear operators, for TensorRT', () => {
  const residual = 'c = Conv(x, w)  r = Relu(c)  d = Conv(r, w)';

  test('reads the result in float and the residual as codes', () => {
    const p = plan(tensorrt, `${residual}  a = Add(r, d)  y = Conv(a, w)  output y: float32`);
    expect(p.decision('a')).toMatch(/^quantized/);
    expect(inputs(p, 'a')).toEqual(['r', 'd']);
    expect(p.quant('r')?.dtype).toBe('int8');
    expect([p.quant('d'), p.params('d')]).toEqual([undefined, undefined]);
    const add = p.spelled.graph.nodes.find((n) => n.name === 'a')!;
    expect(add.inputs).toEqual(['r_dequantized', 'd']);
  });

  test('of two, the later one is fused', () => {
    const p = plan(
      tensorrt,
      'c = Conv(x, w)  d = Conv(x, w)  a = Add(d, c)  y = Conv(a, w)  output y: float32',
    );
    expect([p.params('c') !== undefined, p.params('d') !== undefined]).toEqual([true, false]);
  });

  test('adds a constant in float', () => {
    const p = plan(
      tensorrt,
      `${constant('b', [1, 2, 1, 1])}  c = Conv(x, w)  a = Add(c, b)  y = Conv(a, w)  output y: float32`,
    );
    expect(p.decision('a')).toBe('float: its inputs are float');
    expect(ops(p)).toBe('QuantizeLinear Conv Add QuantizeLinear Conv');
    expect(inputs(p, 'a')).toEqual(['c', 'b']);
  });

  test('takes codes alone where the result has another reader', () => {
    const p = plan(
      tensorrt,
      `${residual}  a = Add(r, d)  y = Conv(a, w)  z = Conv(d, w)  output y: float32  output z: float32`,
    );
    expect([p.params('r') !== undefined, p.params('d') !== undefined]).toEqual([true, true]);
  });
});

describe('biases', () => {
  const withBias = `${constant('b', [2], [0.5, -0.25])}  c = Conv(x, w, b)  y = Conv(c, w)  output y: float32`;

  test('float ones stay the constants they are', () => {
    const p = plan(tensorrt, withBias);
    expect(inputs(p, 'c')![2]).toBe('b');
    expect(constantOf(p.graph, 'b')!.toNumbers()).toEqual([0.5, -0.25]);
    expect(inputs(p, 'y')).toHaveLength(2);
  });

  test('float ones are corrected in float', () => {
    const p = plan(tensorrt, withBias, {
      change: (made) => ({ ...made, biasShifts: { c: [0.125, 1], y: [0.25, 2] } }),
    });
    expect(inputs(p, 'c')![2]).toBe('b_corrected');
    expect(constantOf(p.graph, 'b_corrected')!.toNumbers()).toEqual([0.625, 0.75]);
    expect(p.quant('b_corrected')).toBeUndefined();
    expect(constantOf(p.graph, 'y_bias_corrected')!.toNumbers()).toEqual([0.25, 2]);
  });

  test('a shift of the wrong length is refused', () => {
    const { float, plan: made } = plan(tensorrt, withBias);
    expect(() => applyPlan(float, { ...made, biasShifts: { y: [1] } }, tensorrt)).toThrow(
      /1 numbers for 2 channels/,
    );
  });

  test('zeros where the engine needs one', () => {
    const p = plan(webnn, withBias);
    expect(constantOf(p.graph, 'y_bias_quantized')!.toNumbers()).toEqual([0, 0]);
    expect(p.quant('y_bias_quantized')?.dtype).toBe('int32');
    expect(inputs(plan(ortCpu, withBias), 'y')).toHaveLength(2);
  });
});

describe('other fields', () => {
  test('a pool keeps its parameters for WebNN', () => {
    const body = 'c = Conv(x, w)  g = GlobalAveragePool(c)  y = Conv(g, w)  output y: float32';
    const ranges = { c: [-4, 4], g: [-1, 1] } as const;
    const p = plan(webnn, body, { ranges });
    expect(p.params('g')).toEqual(p.params('c'));
    const other = plan(ortCpu, body, { ranges });
    expect(other.params('g')).not.toEqual(other.params('c'));
  });

  test('scales per channel only along the axes the engine takes', () => {
    const gemms = `input r: float32[1, 2]  ${constant('v', [2, 2], [1, 2, 3, 4])}
      g = Gemm(r, v)  h = Gemm(g, v) {transB = 1}  output h: float32`;
    const axesFor = (target: object) => {
      const { weights } = planText(gemms, { target: target as typeof ortCpu }).plan;
      return [weights.g!.axis, weights.h!.axis];
    };
    expect(axesFor(webnn)).toEqual([undefined, 0]);
    expect(axesFor(qnn)).toEqual([undefined, undefined]);
    expect(axesFor(ortCpu)).toEqual([1, 0]);
  });

  test('the whole graph runs on codes for QNN: head, tail and clamps alone', () => {
    const p = plan(
      qnn,
      'a = Add(x, x)  c = Conv(a, w)  m = MaxPool(c) {kernel_shape = [2, 2]}  r = Clip(m, lo, hi)  s = Softmax(r)  output s: float32',
    );
    expect(ops(p)).toBe('QuantizeLinear Add Conv MaxPool Clip Softmax DequantizeLinear');
    expect(p.plan.nodes.map((n) => n.action)).toEqual(Array(5).fill('quantized'));
    expect(inputs(p, 'r')!.slice(1)).toEqual(['lo', 'hi']);
  });

  test('each reader has a DequantizeLinear of its own for QNN', () => {
    const body = 'c = Conv(x, w)  d = Conv(c, w)  a = Add(c, d)  y = Conv(a, w)  output y: float32';
    const dequantizers = (target: typeof qnn | typeof octavo): number => {
      const { int8 } = plan(target, body);
      const { graph } = spellQdq(int8, { dequantize: target.dequantize }).model;
      return graph.nodes.filter((n) => n.op === 'DequantizeLinear' && n.inputs[0]!.startsWith('c')).length;
    };
    expect([dequantizers(qnn), dequantizers(octavo)]).toEqual([2, 1]);
  });

  test.each<[name: string, weight: readonly number[], group: number, channels: number, float: boolean]>([
    ['depthwise', [8, 1, 3, 3], 8, 8, true],
    ['depthwise with a multiplier', [16, 1, 3, 3], 8, 8, true],
    ['grouped', [8, 4, 3, 3], 2, 8, false],
    ['of a picture', [8, 3, 3, 3], 1, 3, true],
    ['of five channels', [8, 5, 3, 3], 1, 5, false],
    ['of few products, for another in INT8', [8, 32, 1, 1], 1, 32, false],
  ])('a convolution %s, for onnxruntime-web', (_, dims, group, channels, float) => {
    const text = `input x: float32[1, ${channels}, 8, 8]  ${constant('v', dims)}  ${constant('u', [8, dims[0]!, 1, 1])}
      c = Conv(x, v) {group = ${group}}  y = Conv(c, u)  output y: float32`;
    expect(planText(text, { target: ortWeb as never }).decision('c')).toMatch(
      float ? /^float: ort-web runs it in float: \w/ : /^quantized/,
    );
    expect(planText(text, { target: ortCpu }).decision('c')).toMatch(/^quantized/);
  });

  test.each<[name: string, channels: number, middle: string, float: boolean]>([
    ['of 32 products before a depthwise one', 32, 'r = Conv(c, t) {group = 8}', true],
    ['of 33 products before a depthwise one', 33, 'r = Conv(c, t) {group = 8}', false],
    ['with a clamp before a depthwise one', 32, 'k = Relu(c)  r = Conv(k, t) {group = 8}', true],
    ['with another reader', 32, 'n = Neg(c)  k = Relu(c)  r = Conv(k, t) {group = 8}', false],
    ['before a pool', 32, 'k = MaxPool(c) {kernel_shape = [1, 1]}  r = Conv(k, t) {group = 8}', false],
  ])('a convolution %s, for onnxruntime-web', (_, channels, middle, float) => {
    const text = `input x: float32[1, ${channels}, 8, 8]  ${constant('v', [8, channels, 1, 1])}
      ${constant('t', [8, 1, 1, 1])}  ${constant('u', [64, 8, 8, 8])}
      c = Conv(x, v)  ${middle}  y = Conv(r, u)  output y: float32`;
    const p = planText(text, { target: ortWeb as never });
    expect(p.decision('c')).toMatch(float ? /^float: ort-web runs it in float: so few/ : /^quantized/);
    expect(p.decision('r')).toMatch(/^float: ort-web runs it in float: a depthwise/);
    expect(p.decision('y')).toMatch(/^quantized/);
  });

  test('a convolution of few products behind a depthwise one, for onnxruntime-web', () => {
    const text = `input x: float32[1, 64, 8, 8]  ${constant('v', [64, 64, 1, 1])}  ${constant('t', [64, 1, 3, 3])}
      ${constant('e', [32, 32, 1, 1])}  ${constant('s', [32, 1, 1, 1])}  const lo: float32[] = [0]
      c = Conv(x, v)  d = Conv(c, t) {group = 64}  k = Relu(d)  y = Conv(k, v)  output y: float32
      input z: float32[1, 32, 8, 8]  f = Conv(z, s) {group = 32}  g = Clip(f, lo)  h = Conv(g, e)  output h: float32`;
    const p = planText(text, { target: ortWeb as never });
    expect(p.decision('y')).toMatch(/^quantized/);
    expect(p.decision('h')).toMatch(/^float: ort-web runs it in float: so few/);
  });

  test('only who runs what it reads needs no barrier', () => {
    const body = 'c = Conv(x, w)  d = Conv(c, w)  y = Conv(d, w)  output y: float32';
    expect(ops(plan(octavo, body, { exclude: ['d'] }))).not.toContain('Sum');
    expect(ops(plan(ortCpu, body, { exclude: ['d'] }))).toContain('Sum');
  });

  test('fixed sizes: each open one is named, a missing shape too', () => {
    const open = (shape: string) => () => {
      const text = `ir 8 opset 17 graph g { input x: float32${shape}  ${w}  y = Conv(x, w)  output y: float32 }`;
      checkStaticShapes(parseModel(text).graph, qnn);
    };
    expect(open('[N, 2, H, H]')).toThrow(
      "input 'x': qnn needs fixed sizes, and axis 0 has none. Give them: --dim N=1,H=1",
    );
    expect(open('[1, 2, ?, 4]')).toThrow(/axis 2 has none. Give them: --dim x:2=1$/);
    expect(open('')).toThrow(/it has no shape/);
    expect(open('[1, 2, 4, 4]')).not.toThrow();
  });
});
