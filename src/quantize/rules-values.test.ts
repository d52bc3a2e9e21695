import { describe, expect, test } from 'vitest';
import { modelOfText, planText } from '../../test/support/hand-made-plan.ts';
import { constant, testRules } from '../../test/support/qdq-rules.ts';
import { constantOf } from '../ir/index.ts';

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
const x = 'input x: float32[1, 2, 4, 4]';
const ops = (nodes: readonly { readonly op: string }[]) => nodes.map((n) => n.op).join(' ');

describe('values', () =>
  testRules('Values', [
    {
      rule: 'model input',
      check() {
        const p = planText(
          `${x}\n${w}\nc = Conv(x, w)\nd = Conv(x, w)\noutput c: float32\noutput d: float32`,
        );
        expect(p.graph.inputs).toEqual(p.float.graph.inputs);
        const [quantize, ...others] = p.graph.nodes.filter((n) => n.op === 'QuantizeLinear');
        expect(quantize).toMatchObject({ inputs: ['x'], outputs: ['x_quantized'] });
        expect(others).toEqual([]);
        expect(p.graph.nodes.filter((n) => n.op === 'Conv').map((n) => n.inputs[0])).toEqual([
          'x_quantized',
          'x_quantized',
        ]);
      },
    },
    {
      rule: 'model output',
      check() {
        const p = planText(`${x}\n${w}\ny = Conv(x, w)\noutput y: float32[1, 2, 4, 4]`, {
          ranges: { y: [-2, 3] },
        });
        expect(p.graph.outputs).toEqual(p.float.graph.outputs);
        expect(p.maker('y')).toMatchObject({ op: 'DequantizeLinear', inputs: ['y_raw'] });
        expect(p.maker('y_raw')?.op).toBe('Conv');
        expect(p.params('y')).toEqual({ dtype: 'uint8', scale: Math.fround(5 / 255), zeroPoint: 102 });
      },
    },
    {
      rule: 'output that is also read inside',
      check() {
        const p = planText(
          `${x}\n${w}\nc = Conv(x, w)\nd = Conv(c, w)\noutput c: float32\noutput d: float32`,
        );
        expect(p.maker('c')).toMatchObject({ op: 'DequantizeLinear', inputs: ['c_raw'] });
        expect(p.maker('d_raw')?.inputs[0]).toBe('c_raw');
      },
    },
    {
      rule: 'input that is directly an output',
      check() {
        const p = planText(`${x}\n${w}\ny = Conv(x, w)\noutput x: float32[1, 2, 4, 4]\noutput y: float32`);
        expect(p.graph.outputs.map((o) => o.name)).toEqual(['x', 'y']);
        expect(p.maker('x')).toBeUndefined();
        expect(p.maker('y_raw')?.inputs[0]).toBe('x_quantized');
      },
    },
    {
      rule: 'read by two INT8 operators',
      check() {
        const p = planText(
          `${x}\n${w}\nc = Conv(x, w)\nd = Conv(c, w)\ne = Conv(c, w)\ny = Add(d, e)\nz = Conv(y, w)\noutput z: float32`,
        );
        expect(ops(p.graph.nodes)).toBe('QuantizeLinear Conv Conv Conv Add Conv DequantizeLinear');
        expect(p.maker('d')?.inputs[0]).toBe('c');
        expect(p.maker('e')?.inputs[0]).toBe('c');
        const spelled = p.spelled.graph.nodes.filter((n) => n.inputs[0] === 'c_quantized');
        expect(spelled.map((n) => n.op)).toEqual(['DequantizeLinear']);
      },
    },
    {
      rule: 'read in INT8 and in float',
      check() {
        const p = planText(
          `${x}\n${w}\nc = Conv(x, w)\nd = Conv(c, w)\ne = Neg(c)\noutput d: float32\noutput e: float32`,
        );
        expect(p.maker('d_raw')?.inputs[0]).toBe('c_raw');
        expect(p.maker('c')).toMatchObject({ op: 'DequantizeLinear', inputs: ['c_raw'] });
        expect(p.maker('e')).toBe(p.float.graph.nodes.find((n) => n.op === 'Neg'));
      },
    },
    {
      rule: 'captured by a subgraph',
      check() {
        const p = planText(`${x}\ninput k: bool[]\n${w}
          c = Conv(x, w)
          d = Conv(c, w)
          z = If(k) {then_branch = graph a { t = Relu(c)  output t: float32 },
                     else_branch = graph b { e = Neg(c)  output e: float32 }}
          output d: float32  output z: float32`);
        expect(p.maker('z')).toBe(p.float.graph.nodes.find((n) => n.op === 'If'));
        expect(p.maker('c')).toMatchObject({ op: 'DequantizeLinear', inputs: ['c_raw'] });
        expect(p.maker('d_raw')?.inputs[0]).toBe('c_raw');
      },
    },
    {
      rule: 'unused output of an operator',
      check() {
        const p = planText(`${x}\n${w}\n${constant('v', [2, 1, 1, 1])}
          c = Conv(x, w)  s, unused = Split(c) {axis = 1}  y = Conv(s, v)  output y: float32`);
        expect(p.maker('s')?.outputs).toEqual(['s', 'unused']);
        expect(p.spelled.graph.nodes.flatMap((n) => n.inputs)).not.toContain('unused');
      },
    },
    {
      rule: 'constant operand',
      check() {
        const p = planText(`${x}\n${w}\n${constant('k', [2, 1, 1], [3, 0.5])}
          c = Conv(x, w)  m = Mul(c, k)  y = Conv(m, w)  output y: float32`);
        expect(p.plan.constants).toEqual({
          k: { dtype: 'uint8', scale: Math.fround(3 / 255), zeroPoint: 0 },
        });
        expect(p.maker('m')?.inputs).toEqual(['c', 'k_quantized']);
        expect(constantOf(p.graph, 'k_quantized')?.toNumbers()).toEqual([255, 42]);
        expect(constantOf(p.graph, 'k')).toBeUndefined();
      },
    },
    {
      rule: 'default a caller may override (IR 4 and above)',
      check() {
        const p = planText(`${x}
          input o: float32[2, 2, 1, 1]  ${constant('o', [2, 2, 1, 1])}
          input b: float32[2]           ${constant('b', [2])}
          input a: float32[2, 1, 1]     ${constant('a', [2, 1, 1])}
          ${w}
          c = Conv(x, w)  d = Conv(c, o)  e = Conv(d, w, b)  f = Conv(e, w)  g = Add(f, a)  y = Conv(g, w)
          output y: float32`);
        expect(p.decision('d')).toBe('float: its weight is a default that a caller may override');
        expect(p.decision('e')).toBe('float: its bias is a default that a caller may override');
        expect(p.decision('g')).toBe(
          "float: 'a' is a default that a caller may override, so that its range is not known",
        );
        for (const name of ['o', 'b', 'a']) expect(p.params(name)).toBeUndefined();
        expect(p.graph.inputs).toEqual(p.float.graph.inputs);
        expect([...p.graph.initializers.keys()]).toEqual(expect.arrayContaining(['o', 'b', 'a']));
      },
    },
    {
      rule: 'integers, such as indices',
      check() {
        const p = planText(`${x}\n${w}\nconst i: int64[1] = [1]\n${constant('v', [2, 1, 1, 1])}
          c = Conv(x, w)  g = Gather(c, i) {axis = 1}  y = Conv(g, v)  output y: float32`);
        expect(p.maker('g')?.inputs).toEqual(['c', 'i']);
        expect(p.params('i')).toBeUndefined();
        expect(p.plan.constants).toEqual({});
      },
    },
    {
      rule: 'name that means something in JavaScript',
      check() {
        const p = planText(`${x}\n${w}\nconstructor = Conv(x, w)  "__proto__" = Relu(constructor)
          toString = Neg("__proto__")  valueOf = Conv(toString, w)  output valueOf: float32`);
        expect(p.decision('constructor')).toMatch(/^quantized/);
        expect(p.decision('__proto__')).toMatch(/^merged/);
        expect(p.decision('toString')).toMatch(/^float/);
        expect(Object.keys(p.plan.weights)).toEqual(['constructor', 'valueOf']);
        expect(Object.keys(p.plan.values)).toEqual(['x', '__proto__', 'toString', 'valueOf']);
        expect(ops(p.graph.nodes)).toBe(
          'QuantizeLinear Conv DequantizeLinear Neg QuantizeLinear Conv DequantizeLinear',
        );
      },
    },
  ]));

test('codes keep clear of names that are taken', () => {
  const p = planText(`${x}\n${w}\ny_raw = Neg(x)  x_quantized = Abs(x)  y = Conv(x, w)
    output y: float32  output y_raw: float32  output x_quantized: float32`);
  expect(p.maker('y')).toMatchObject({ op: 'DequantizeLinear', inputs: ['y_raw_1'] });
  expect(p.maker('y_raw_1')).toMatchObject({ op: 'Conv', inputs: ['x_quantized_1', 'w_quantized'] });
});

test('a model with nothing to quantize is left as it is', () => {
  const text = `${x}\ny = Neg(x)\noutput y: float32`;
  expect(planText(text).graph.nodes).toEqual(modelOfText(text).graph.nodes);
});
