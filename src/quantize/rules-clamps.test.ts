import { describe, expect } from 'vitest';
import { type PlanTextOptions, planText } from '../../test/support/hand-made-plan.ts';
import { constant, testRules } from '../../test/support/qdq-rules.ts';
import { ortCpu } from './targets/ort-cpu.ts';

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
const bounds = 'const zero: float32[] = [0]  const six: float32[] = [6]  const minus: float32[] = [-1]';
const f = Math.fround;

/** The body between an image and a last Conv of `r`. */
const planOf = (body: string, options: PlanTextOptions = {}) =>
  planText(
    `input x: float32[1, 2, 4, 4]  ${w}  ${bounds}
     ${body}
     y = Conv(r, w)  output y: float32`,
    options,
  );
const ops = (p: ReturnType<typeof planText>): string => p.graph.nodes.map((n) => n.op).join(' ');
const top = (p: ReturnType<typeof planText>): number => f(p.params('r')!.scale * 255);

describe('computing operators', () =>
  testRules('Computing operators', [
    {
      rule: 'residual Add',
      check() {
        const p = planOf('c = Conv(x, w)  d = Conv(c, w)  r = Add(c, d)', {
          ranges: { c: [-2, 3], d: [-4, 6], r: [-5, 5.2] },
        });
        expect(p.params('c')?.scale).toBe(f(5 / 255));
        expect(p.params('d')?.scale).toBe(f(10 / 255));
        expect(p.params('r')?.scale).toBe(f(10.2 / 255));
        expect(p.maker('r')?.inputs).toEqual(['c', 'd']);
      },
    },
    {
      rule: 'Mul of a value with itself',
      check() {
        const p = planOf('c = Conv(x, w)  r = Mul(c, c)', { ranges: { r: [0, 4] } });
        expect(p.params('r')).toEqual({ dtype: 'uint8', scale: f(4 / 255), zeroPoint: 0 });
        expect(p.maker('r')?.inputs).toEqual(['c', 'c']);
      },
    },
    ...(['Sigmoid', 'Softmax'] as const).map((op) => ({
      rule: op,
      check() {
        const p = planOf(`c = Conv(x, w)  r = ${op}(c)`, { ranges: { r: [0.2, 0.3] } });
        expect(p.params('r')).toEqual({ dtype: 'uint8', scale: f(1 / 255), zeroPoint: 0 });
      },
    })),
    {
      rule: 'Tanh, for a target that has it',
      check() {
        const target = { ...ortCpu, operators: [...ortCpu.operators, 'Tanh'] };
        const p = planOf('c = Conv(x, w)  r = Tanh(c)', { target, ranges: { r: [0.2, 0.3] } });
        expect(p.params('r')?.scale).toBe(f(2 / 255));
        expect(planOf('c = Conv(x, w)  r = Tanh(c)').decision('r')).toBe('float: ort-cpu runs Tanh in float');
      },
    },
    {
      rule: 'LeakyRelu',
      check() {
        const p = planOf('c = Conv(x, w)  r = LeakyRelu(c)', { ranges: { r: [-1, 4] } });
        expect(p.params('r')).toEqual({ dtype: 'uint8', scale: f(5 / 255), zeroPoint: 51 });
      },
    },
  ]));

/** The clamp stays: its reason, and the operators. */
const stays = (rule: string, body: string, reason: string, nodes: string, options: PlanTextOptions = {}) => ({
  rule,
  check() {
    const p = planOf(body, options);
    expect(p.decision('r')).toBe(`float: ${reason}`);
    expect(ops(p)).toBe(nodes);
  },
});

const inFloat = 'QuantizeLinear Conv DequantizeLinear Relu QuantizeLinear Conv DequantizeLinear';
const clip = 'c = Conv(x, w)  r = Clip(c, zero, six)';

describe('Relu and Clip', () =>
  testRules('Relu and Clip', [
    {
      rule: 'Relu behind a Conv',
      check() {
        const p = planOf('c = Conv(x, w)  r = Relu(c)', { ranges: { r: [0, 7] } });
        expect(p.decision('r')).toBe('merged: the saturation of the codes before it does the same');
        expect(p.params('r')).toEqual({ dtype: 'uint8', scale: f(7 / 255), zeroPoint: 0 });
        expect(p.params('c')).toBeUndefined();
        expect(p.maker('r')).toMatchObject({ name: 'c', op: 'Conv' });
        expect(ops(p)).toBe('QuantizeLinear Conv Conv DequantizeLinear');
      },
    },
    {
      rule: 'Relu behind an Add',
      check() {
        const p = planOf('c = Conv(x, w)  a = Add(c, x)  r = Relu(a)', { ranges: { r: [0, 7] } });
        expect(p.maker('r')).toMatchObject({ op: 'Add', inputs: ['c', 'x_quantized'] });
        expect(p.params('r')?.zeroPoint).toBe(0);
      },
    },
    {
      rule: 'Clip from 0 to 6',
      check() {
        const p = planOf(clip, { ranges: { r: [0, 6] } });
        expect(p.decision('r')).toMatch(/^merged/);
        expect(p.params('r')?.zeroPoint).toBe(0);
        expect(top(p)).toBe(6);
        expect(ops(p)).toBe('QuantizeLinear Conv Conv DequantizeLinear');
      },
    },
    {
      rule: 'Clip that was never reached',
      check() {
        expect(top(planOf(clip, { ranges: { r: [0, 5.2] } }))).toBeCloseTo(5.2, 5);
      },
    },
    {
      rule: 'values far beyond the Clip',
      check() {
        // Ceilings whose 255th part rounds up: the product must not come out above.
        for (const ceiling of [6, 0.1, 0.3, 1.7, 3.3, 1e-3, 20.3]) {
          const p = planText(
            `input x: float32[1, 2, 4, 4]  ${w}  const lo: float32[] = [0]  const hi: float32[] = [${ceiling}]
             c = Conv(x, w)  r = Clip(c, lo, hi)  y = Conv(r, w)  output y: float32`,
            { ranges: { r: [0, 1000] } },
          );
          expect(top(p)).toBeLessThanOrEqual(f(ceiling));
          expect(top(p)).toBeGreaterThan(f(ceiling) * (1 - 1e-6));
        }
      },
    },
    stays(
      'its input has another reader',
      'c = Conv(x, w)  r = Relu(c)  n = Neg(c)  output n: float32',
      'the value before it is used elsewhere as well',
      'QuantizeLinear Conv DequantizeLinear Relu Neg QuantizeLinear Conv DequantizeLinear',
    ),
    stays(
      'its input is a model output',
      'c = Conv(x, w)  r = Relu(c)  output c: float32',
      'the value before it is used elsewhere as well',
      inFloat,
    ),
    stays(
      'its input is captured by a subgraph',
      `c = Conv(x, w)  r = Relu(c)  input k: bool[]
       z = If(k) {then_branch = graph a { t = Neg(c)  output t: float32 },
                  else_branch = graph b { e = Abs(c)  output e: float32 }}  output z: float32`,
      'the value before it is used elsewhere as well',
      'QuantizeLinear Conv DequantizeLinear Relu If QuantizeLinear Conv DequantizeLinear',
    ),
    stays(
      'bounds that do not begin at 0',
      'c = Conv(x, w)  r = Clip(c, minus, six)',
      'its bounds are not 0 and a constant above: codes cannot end there',
      inFloat.replace('Relu', 'Clip'),
    ),
    stays(
      'bounds that are not constants',
      'c = Conv(x, w)  input hi: float32[]  r = Clip(c, zero, hi)',
      'its bounds are not 0 and a constant above: codes cannot end there',
      inFloat.replace('Relu', 'Clip'),
    ),
    stays(
      'behind a float operator',
      'c = Conv(x, w)  n = Neg(c)  r = Relu(n)',
      'what it clamps is not made by an INT8 operator',
      inFloat.replace('Relu', 'Neg Relu'),
    ),
    {
      rule: 'behind an operator that moves values',
      check() {
        const p = planOf('c = Conv(x, w)  m = MaxPool(c) {kernel_shape = [1, 1]}  r = Relu(m)');
        expect(p.decision('r')).toBe('float: what it clamps is not made by an INT8 operator');
        const q = planOf(
          'c = Conv(x, w)  m = MaxPool(c) {kernel_shape = [1, 1]}  r = Relu(m)  z = Conv(m, w)  output z: float32',
        );
        expect(q.decision('r')).toBe('float: MaxPool before it computes nothing that could be clamped');
      },
    },
    {
      rule: 'between a Gemm and a float result',
      check() {
        const p = planText(`input x: float32[1, 2]  ${constant('v', [2, 2])}
          g = Gemm(x, v)  r = Relu(g)  output r: float32`);
        expect(p.decision('r')).toBe(
          'float: what is behind it takes floats, and the sums before it need no codes',
        );
        expect(ops(p)).toBe('QuantizeLinear Gemm Relu');
      },
    },
    {
      rule: 'symmetric codes',
      check() {
        const target = { ...ortCpu, id: 's8', activations: { dtype: 'int8', symmetric: true } } as const;
        const p = planOf('c = Conv(x, w)  r = Relu(c)', { target, ranges: { r: [0, 7] } });
        expect(p.decision('r')).toBe('float: the codes of s8 do not end at 0');
        expect(p.params('r')).toEqual({ dtype: 'int8', scale: f(7 / 127), zeroPoint: 0 });
        expect(ops(p)).toBe(inFloat);
      },
    },
    {
      rule: '`--only` names the Conv',
      check() {
        const p = planOf('c = Conv(x, w)  r = Relu(c)', { only: ['c'] });
        expect(p.decision('r')).toMatch(/^merged/);
        expect(p.decision('y')).toBe('float: not among --only');
        expect(ops(p)).toBe('QuantizeLinear Conv DequantizeLinear Conv');
      },
    },
    stays(
      '`--exclude` names the clamp',
      'c = Conv(x, w)  r = Relu(c)',
      'excluded by --exclude Relu',
      inFloat,
      { exclude: ['Relu'] },
    ),
  ]));
