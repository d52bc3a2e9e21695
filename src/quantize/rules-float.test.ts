import { describe, expect, test } from 'vitest';
import { type PlanTextOptions, planText } from '../../test/support/hand-made-plan.ts';
import { constant, testRules } from '../../test/support/qdq-rules.ts';

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
const image = `input x: float32[1, 2, 4, 4]  ${w}`;
const ops = (p: ReturnType<typeof planText>): string => p.graph.nodes.map((n) => n.op).join(' ');

const keeps = (
  rule: string,
  body: string,
  decisions: Readonly<Record<string, string | RegExp>>,
  nodes: string,
  options: PlanTextOptions = {},
) => ({
  rule,
  check() {
    const p = planText(body, options);
    for (const [node, decision] of Object.entries(decisions)) expect(p.decision(node)).toMatch(decision);
    expect(ops(p)).toBe(nodes);
  },
});

const tail = /^float: nothing behind it runs in INT8/;
const floats = /^float: its inputs are float$/;

describe('what stays float', () =>
  testRules('What stays float', [
    keeps(
      'operator the target does not run in INT8',
      `${image}  c = Conv(x, w)  n = Neg(c)  y = Conv(n, w)  output y: float32`,
      { n: /^float: ort-cpu runs Neg in float$/ },
      'QuantizeLinear Conv DequantizeLinear Neg QuantizeLinear Conv DequantizeLinear',
    ),
    keeps(
      'operator of another domain',
      `ir 8 opset 13 opset "com.microsoft" 1 graph g { ${image}
        c = Conv(x, w)  n = "com.microsoft"::Gelu(c)  y = Conv(n, w)  output y: float32 }`,
      { n: /^float: an operator of the domain 'com.microsoft'$/ },
      'QuantizeLinear Conv DequantizeLinear Gelu QuantizeLinear Conv DequantizeLinear',
    ),
    keeps(
      'operator without an INT8 form',
      `${image}  c = Conv(x, w)  n = Shape(c)  output n: int64[4]`,
      { n: /^float: Shape has no INT8 form here$/ },
      'QuantizeLinear Conv DequantizeLinear Shape',
    ),
    keeps(
      'other number types',
      `${image}  c = Conv(x, w)  h = Cast(c) {to = 10}  a = Add(h, h)  f = Cast(a) {to = 1}  y = Conv(f, w)  output y: float32`,
      { a: /^float: its input is float16, not float32$/ },
      'QuantizeLinear Conv DequantizeLinear Cast Add Cast QuantizeLinear Conv DequantizeLinear',
    ),
    keeps(
      'tail of the graph',
      `${image}  c = Conv(x, w)  m = MaxPool(c) {kernel_shape = [2, 2]}  a = Add(m, m)  s = Softmax(a)  output s: float32`,
      { m: tail, a: floats, s: floats },
      'QuantizeLinear Conv DequantizeLinear MaxPool Add Softmax',
    ),
    keeps(
      'head of the graph',
      `${image}  a = Add(x, x)  m = MaxPool(a) {kernel_shape = [2, 2]}  c = Conv(m, w)  output c: float32`,
      { a: /^float: its inputs are float$/, m: /^float: its inputs are float$/ },
      'Add MaxPool QuantizeLinear Conv DequantizeLinear',
    ),
    keeps(
      'Gemm or MatMul nobody reads as codes',
      `input x: float32[1, 2]  ${constant('v', [2, 2])}
        g = Gemm(x, v)  h = Gemm(g, v)  m = MatMul(g, v)  s = Softmax(m)  output h: float32  output s: float32`,
      { g: /^quantized/, h: /^quantized/, m: /^quantized/, s: /^float: its inputs are float$/ },
      'QuantizeLinear Gemm MatMul Softmax Gemm',
    ),
    keeps(
      'Conv at the end',
      `${image}  c = Conv(x, w)  output c: float32`,
      { c: /^quantized: linear operator with a constant weight$/ },
      'QuantizeLinear Conv DequantizeLinear',
    ),
    keeps(
      'excluded node',
      `${image}  c = Conv(x, w)  y = Conv(c, w)  output y: float32`,
      { y: /^float: excluded by --exclude y$/ },
      'QuantizeLinear Conv DequantizeLinear Conv',
      { exclude: ['y'] },
    ),
  ]));

/** `c` runs in INT8 before the body, a Conv of `r` behind it; the body is excluded. */
const barrier = (rule: string, body: string, nodes: string, exclude: readonly string[] = []) => ({
  rule,
  check() {
    const text = `${image}  const s: int64[4] = [1, 2, 4, 4]  const lo: float32[] = [-1]
      c = Conv(x, w)  ${body}  y = Conv(r, w)  output y: float32`;
    const p = planText(text, { exclude });
    expect(ops(p)).toBe(nodes);
    const sum = p.graph.nodes.find((n) => n.op === 'Sum');
    if (sum !== undefined) {
      expect(sum).toMatchObject({ name: 'r_barrier', inputs: ['r'], outputs: ['r_float'] });
      expect(p.graph.nodes.filter((n) => n.inputs.includes('r_float')).map((n) => n.op)).toEqual([
        'QuantizeLinear',
      ]);
    }
  },
});

const around = (between: string): string =>
  `QuantizeLinear Conv DequantizeLinear ${between} QuantizeLinear Conv DequantizeLinear`;

describe('the barrier', () =>
  testRules('The barrier', [
    barrier('Conv', 'r = Conv(c, w)', around('Conv Sum'), ['r']),
    barrier('Conv, then Relu', 'd = Conv(c, w)  r = Relu(d)', around('Conv Relu Sum'), ['d']),
    barrier(
      'Conv, then MaxPool',
      'd = Conv(c, w)  r = MaxPool(d) {kernel_shape = [2, 2]}',
      around('Conv MaxPool Sum'),
      ['d'],
    ),
    barrier(
      'Conv, then Relu, Transpose and Reshape',
      'd = Conv(c, w)  e = Relu(d)  t = Transpose(e)  r = Reshape(t, s)',
      around('Conv Relu Transpose Reshape Sum'),
      ['d'],
    ),
    barrier('Add', 'r = Add(c, c)', around('Add Sum'), ['r']),
    {
      rule: 'Conv that reads nothing but inputs and constants',
      check() {
        const p = planText(`${image}  c = Conv(x, w)  y = Conv(c, w)  output y: float32`, { exclude: ['c'] });
        expect(ops(p)).toBe('Conv QuantizeLinear Conv DequantizeLinear');
      },
    },
    barrier('Neg', 'r = Neg(c)', around('Neg')),
    barrier('INT8 Conv, then a Clip that stays float', 'r = Clip(c, lo)', around('Clip')),
  ]));

test('every node has a decision and a reason', () => {
  const p = planText(
    `${image}  c = Conv(x, w)  r = Relu(c)  n = Neg(r)  y = Conv(n, w)  s = Softmax(y)  output s: float32`,
  );
  expect(p.plan.nodes.map((n) => `${n.name} ${n.op} ${n.action}`)).toEqual([
    'c Conv quantized',
    'r Relu merged',
    'n Neg float',
    'y Conv quantized',
    's Softmax float',
  ]);
  for (const { reason } of p.plan.nodes) expect(reason).toMatch(/^\S.*[^.]$/);
});
