import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { modelOfText, planModel, planText } from '../../../test/support/hand-made-plan.ts';
import { constant } from '../../../test/support/qdq-rules.ts';
import { sharedModel, sharedModels, whySkipped } from '../../../test/support/shared.ts';
import { onnxruntimeNode } from '../../engines/onnxruntime-node.ts';
import type { Model } from '../../ir/index.ts';
import { verify } from '../../ir/index.ts';
import { printGraph, printModel } from '../../ir/text.ts';
import { absorbQdq } from '../../passes/absorb-qdq.ts';
import { prepare } from '../../passes/preset.ts';
import { readOnnx, writeOnnx } from './index.ts';
import { spellQdq } from './spell-qdq.ts';

const engine = await onnxruntimeNode();
const fashionMnist = () =>
  readFileSync(new URL('../../../examples/fashion-mnist/model.onnx', import.meta.url));

/** Of nodes alone, without types. */
const lines = (model: Model): string[] =>
  printGraph(model.graph)
    .split('\n')
    .filter((l) => l.includes(' = ') && !/^ +(const|type) /.test(l))
    .map((l) => l.trim().replace(/: [a-z]+\d+(\[[^\]]*\])?( scale\(.*?\) zero\(.*?\)( axis\(\d+\))?)?/g, ''));

describe('spelling', () => {
  test('an operator stands between DequantizeLinear and QuantizeLinear, constants behind the former alone', () => {
    const spelled = spellQdq(
      modelOfText(`input x: float32[1, 2, 1, 1]
        const w: int8[1, 2, 1, 1] = [1, 2]      type w: int8[1, 2, 1, 1] scale(0.5) zero(0) axis(0)
        const b: int32[1] = [3]                 type b: int32[1] scale(0.25) zero(0) axis(0)
        q: uint8[1, 2, 1, 1] scale(0.5) zero(7) = QuantizeLinear(x)
        c: uint8[1, 1, 1, 1] scale(2) zero(0) = Conv(q, w, b)
        y = DequantizeLinear(c)  output y: float32[1, 1, 1, 1]`),
    );
    expect(lines(spelled.model)).toEqual(
      [
        'b_dequantized = DequantizeLinear(b, b_scale) {axis = 0} @b_DequantizeLinear',
        'w_dequantized = DequantizeLinear(w, w_scale, w_zero_point) {axis = 0} @w_DequantizeLinear',
        'q = QuantizeLinear(x, q_scale, q_zero_point)',
        'q_dequantized = DequantizeLinear(q, q_scale, q_zero_point) @q_DequantizeLinear',
        'c = Conv(q_dequantized, w_dequantized, b_dequantized)',
        'c_quantized = QuantizeLinear(c, c_scale, c_zero_point) @c_QuantizeLinear',
        'y = DequantizeLinear(c_quantized, c_scale, c_zero_point)',
      ].toSorted((a, b) => lines(spelled.model).indexOf(a) - lines(spelled.model).indexOf(b)),
    );
    const { initializers } = spelled.model.graph;
    const say = (name: string) => {
      const t = initializers.get(name)!;
      return [t.dtype, ...t.dims, '=', ...t.toNumbers()].join(' ');
    };
    expect(say('q_scale')).toBe('float32 = 0.5');
    expect(say('q_zero_point')).toBe('uint8 = 7');
    expect(say('w_scale')).toBe('float32 1 = 0.5');
    expect(say('w_zero_point')).toBe('int8 1 = 0');
    expect(say('b_scale')).toBe('float32 1 = 0.25');
    expect([...spelled.codes]).toEqual([
      ['q', 'q'],
      ['c', 'c_quantized'],
    ]);
    const types = spelled.model.graph.types;
    expect(types.get('c_quantized')).toEqual({ kind: 'tensor', dtype: 'uint8', shape: [1, 1, 1, 1] });
    expect(types.get('c')).toEqual({ kind: 'tensor', dtype: 'float32', shape: [1, 1, 1, 1] });
  });

  test('codes read twice are dequantized once, and names that are taken are avoided', () => {
    const spelled = spellQdq(
      modelOfText(`input x: float32[2]
        const q_scale: float32[2] = [1, 2]
        q: int8[2] scale(0.5) zero(-3) = QuantizeLinear(x)
        a: int8[2] scale(0.5) zero(0) = Add(q, q)  c_quantized = Add(x, q_scale)
        c: int8[2] scale(0.5) zero(0) = Mul(q, a)
        y = DequantizeLinear(c)  output y: float32[2]  output c_quantized: float32[2]`),
    ).model;
    verify(spelled.graph, 'spelled');
    expect(lines(spelled)).toEqual(
      expect.arrayContaining([
        'q = QuantizeLinear(x, q_scale_1, q_zero_point)',
        'a = Add(q_dequantized, q_dequantized)',
        'c_quantized_1 = QuantizeLinear(c, c_scale, c_zero_point) @c_QuantizeLinear',
      ]),
    );
    expect(
      spelled.graph.nodes.filter((n) => n.op === 'DequantizeLinear' && n.inputs[0] === 'q'),
    ).toHaveLength(1);
  });

  test('crossings that have their parameters stay, and so does a float graph', () => {
    const float = modelOfText('input x: float32[2]  y = Neg(x)  output y: float32[2]');
    expect(spellQdq(float).model.graph).toBe(float.graph);
    const spelled = modelOfText(`input x: float32[2]  const s: float32[] = [0.5]
      q: uint8[2] = QuantizeLinear(x, s)  y = DequantizeLinear(q, s)  output y: float32[2]`);
    expect(spellQdq(spelled).model.graph).toBe(spelled.graph);
  });

  test('spelling twice changes nothing', () => {
    const { spelled } = planText(`input x: float32[1, 2, 1, 1]  ${constant('w', [2, 2, 1, 1])}
      c = Conv(x, w)  r = Relu(c)  y = Conv(r, w)  output y: float32`);
    expect(spellQdq(spelled).model.graph).toBe(spelled.graph);
  });
});

describe('what is spelled, written, read and absorbed is what there was', () => {
  const image = `input x: float32[1, 2, 4, 4]  ${constant('w', [2, 2, 1, 1])}`;
  test.each<[what: string, body: string, exclude?: string[]]>([
    ['a chain', `${image}  c = Conv(x, w)  r = Relu(c)  y = Conv(r, w)  output y: float32`],
    [
      'an output read inside',
      `${image}  c = Conv(x, w)  y = Conv(c, w)  output c: float32  output y: float32`,
    ],
    ['a residual', `${image}  c = Conv(x, w)  a = Add(c, x)  y = Conv(a, w)  output y: float32`],
    ['a value added to itself', `${image}  c = Conv(x, w)  a = Add(c, c)  y = Conv(a, w)  output y: float32`],
    [
      'one output channel',
      `input x: float32[1, 2, 4, 4]  ${constant('w', [1, 2, 1, 1])}  ${constant('b', [1])}
      y = Conv(x, w, b)  output y: float32`,
    ],
    ['a float result', `input x: float32[1, 2]  ${constant('w', [2, 2])}  y = Gemm(x, w)  output y: float32`],
    [
      'unused outputs',
      `${image}  ${constant('v', [2, 1, 1, 1])}
      c = Conv(x, w)  s, t = Split(c) {axis = 1}  y = Conv(s, v)  output y: float32`,
    ],
    [
      'constants joined',
      `${image}  ${constant('k', [1, 2, 4, 4])}  ${constant('v', [2, 4, 1, 1])}
      c = Conv(x, w)  m = Concat(k, c) {axis = 1}  y = Conv(m, v)  output y: float32`,
    ],
    [
      'captures',
      `${image}  input k: bool[]  c = Conv(x, w)  d = Conv(c, w)
      z = If(k) {then_branch = graph a { t = Relu(c)  output t: float32 },
                 else_branch = graph b { e = Neg(c)  output e: float32 }}  output d: float32  output z: float32`,
    ],
    [
      'float between',
      `${image}  c = Conv(x, w)  d = Conv(c, w)  r = Relu(d)  y = Conv(r, w)  output y: float32`,
      ['d'],
    ],
    ['a float Add', `${image}  c = Conv(x, w)  a = Add(c, c)  y = Conv(a, w)  output y: float32`, ['a']],
    [
      'two float results',
      `${image}  c = Conv(x, w)  n = Neg(c)  m = Exp(n)  y = Conv(m, w)  output y: float32`,
    ],
  ])('%s', (_, body, exclude = []) => {
    const { int8, spelled } = planText(body, { exclude });
    const back = absorbQdq.run(readOnnx(writeOnnx(spelled)));
    verify(back.graph, 'absorbed');
    expect(printModel(back)).toBe(printModel(int8));
    expect(absorbQdq.run(back)).toBe(back);
  });

  test('but for an operator the target runs in float: it reads back as one on codes, and spells the same', () => {
    const { spelled } = planText(`${image}  c = Conv(x, w)  n = Neg(c)  y = Conv(n, w)  output y: float32`);
    const back = absorbQdq.run(readOnnx(writeOnnx(spelled)));
    expect(back.graph.nodes.map((n) => n.op).join(' ')).toBe('QuantizeLinear Conv Neg Conv DequantizeLinear');
    const again = spellQdq(back).model;
    expect(again.graph.nodes.map((n) => n.op).toSorted()).toEqual(
      spelled.graph.nodes.map((n) => n.op).toSorted(),
    );
    expect(printModel(absorbQdq.run(readOnnx(writeOnnx(again))))).toBe(printModel(back));
  });

  const roundTrip = async (file: Uint8Array): Promise<void> => {
    const { int8, spelled } = planModel(prepare(readOnnx(file)), { biasCorrection: true });
    const bytes = writeOnnx(spelled);
    const back = absorbQdq.run(readOnnx(bytes));
    verify(back.graph, 'absorbed');
    expect(printModel(back)).toBe(printModel(int8));
    expect(absorbQdq.run(back)).toBe(back);
    await (await engine.load(bytes)).dispose();
  };
  test('examples/fashion-mnist', () => roundTrip(fashionMnist()));
  describe.skipIf(sharedModels.length === 0)(`real models (else skipped: ${whySkipped})`, () => {
    test.each(sharedModels)('%s', (name) => roundTrip(sharedModel(name)));
  });
});
