import { describe, expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { spellQdq } from '../formats/onnx/spell-qdq.ts';
import { verify } from '../ir/index.ts';
import { printGraph } from '../ir/text.ts';
import { absorbQdq } from './absorb-qdq.ts';

const consts = `const s: float32[] = [0.5]  const t: float32[] = [0.25]  const z: uint8[] = [3]  const n: int8[] = [0]
  const list: float32[1] = [0.5]  const zs: uint8[1] = [3]  const two: float32[2] = [0.5, 0.25]  const ns: int8[2] = [0, 0]
  const w: int8[2, 2] = [1, 2, 3, 4]`;

/** Lines of the nodes after absorbing, with what is known of their values; the graph itself where it stays. */
function absorbed(body: string, opset = 13): string[] | 'unchanged' {
  const model = modelOfText(`ir 8 opset ${opset} graph g { ${consts} ${body} }`);
  const back = absorbQdq.run(model);
  verify(back.graph, 'pass absorb-qdq');
  verify(spellQdq(back).model.graph, 'spelled again');
  expect(absorbQdq.run(back)).toBe(back);
  if (back === model) return 'unchanged';
  return printGraph(back.graph)
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => / = /.test(l) && !/^const /.test(l));
}

const x = 'input x: float32[2, 2]';
const q = 'q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)';

describe('a sandwich of any tool becomes one operator', () => {
  test('arithmetic', () => {
    expect(
      absorbed(
        `${x} ${q} a = Add(d, d)  aq = QuantizeLinear(a, t, z)  y = DequantizeLinear(aq, t, z)  output y: float32`,
      ),
    ).toEqual([
      'q: uint8 scale(0.5) zero(3) = QuantizeLinear(x)',
      'a: uint8 scale(0.25) zero(3) = Add(q, q)',
      'y = DequantizeLinear(a)',
    ]);
  });

  test('weights per channel; a negative axis; zero points left out', () => {
    expect(
      absorbed(
        `${x} ${q} wd = DequantizeLinear(w, two, ns) {axis = -1}  y = MatMul(d, wd)  output y: float32`,
      ),
    ).toEqual(['q: uint8 scale(0.5) zero(3) = QuantizeLinear(x)', 'y = MatMul(q, w)']);
    const back = absorbQdq.run(
      modelOfText(`${consts} ${x} ${q} wd = DequantizeLinear(w, two)  y = MatMul(d, wd)  output y: float32`),
    );
    expect(back.graph.types.get('w')).toMatchObject({
      quant: { dtype: 'int8', scales: [0.5, 0.25], zeroPoints: [0, 0], axis: 1 },
    });
  });

  test('a list of one scale is for the whole tensor', () => {
    expect(
      absorbed(
        `${x} q = QuantizeLinear(x, list, zs)  d = DequantizeLinear(q, list, zs)  y = Neg(d)  output y: float32`,
      ),
    ).toEqual(['q: uint8 scale(0.5) zero(3) = QuantizeLinear(x)', 'd = DequantizeLinear(q)', 'y = Neg(d)']);
  });

  test('QuantizeLinear without a zero point makes uint8', () => {
    expect(
      absorbed(`${x} q = QuantizeLinear(x, s)  y = DequantizeLinear(q, s)  output y: float32`, 10),
    ).toEqual(['q: uint8 scale(0.5) zero(0) = QuantizeLinear(x)', 'y = DequantizeLinear(q)']);
  });

  test('moved values, with equal parameters', () => {
    expect(
      absorbed(
        `${x} ${q} m = Transpose(d)  mq = QuantizeLinear(m, s, z)  y = DequantizeLinear(mq, s, z)  output y: float32`,
      ),
    ).toEqual([
      'q: uint8 scale(0.5) zero(3) = QuantizeLinear(x)',
      'm: uint8 scale(0.5) zero(3) = Transpose(q)',
      'y = DequantizeLinear(m)',
    ]);
  });

  test('an output nobody reads does not count', () => {
    expect(
      absorbed(
        `${x} ${q} a, b = Split(d)  aq = QuantizeLinear(a, s, z)  y = DequantizeLinear(aq, s, z)  output y: float32`,
      ),
    ).toContain('a: uint8 scale(0.5) zero(3), b = Split(q)');
  });
});

/** The operator stays float: its line. */
const keeps = (body: string): string[] | string => {
  const lines = absorbed(body);
  return lines === 'unchanged' ? lines : lines.filter((l) => / = (Add|Transpose|Neg|Clip|If|Cast)\(/.test(l));
};

describe('what stays', () => {
  test('moved values with other parameters', () => {
    expect(
      keeps(
        `${x} ${q} m = Transpose(d)  mq = QuantizeLinear(m, t, z)  y = DequantizeLinear(mq, t, z)  output y: float32`,
      ),
    ).toEqual(['m = Transpose(d)']);
  });

  test('an operator with a float reader, a float input, or whose float is an output', () => {
    const end = 'aq = QuantizeLinear(a, s, z)  y = DequantizeLinear(aq, s, z)  output y: float32';
    expect(keeps(`${x} ${q} a = Add(d, d)  e = Neg(a)  output e: float32  ${end}`)).toEqual([
      'a = Add(d, d)',
      'e = Neg(a)',
    ]);
    expect(keeps(`${x} ${q} a = Add(d, x)  ${end}`)).toEqual(['a = Add(d, x)']);
    expect(keeps(`${x} ${q} a = Add(d, d)  output a: float32  ${end}`)).toEqual(['a = Add(d, d)']);
  });

  test('clamps', () => {
    expect(
      keeps(
        `${x} ${q} a = Clip(d)  aq = QuantizeLinear(a, s, z)  y = DequantizeLinear(aq, s, z)  output y: float32`,
      ),
    ).toEqual(['a = Clip(d)']);
  });

  test('codes that are an output, that others work on, or that a subgraph reads, keep their name', () => {
    const add = `${x} ${q} a = Add(d, d)  aq = QuantizeLinear(a, s, z)`;
    expect(absorbed(`${add}  output aq: uint8`)).toEqual([
      'q: uint8 scale(0.5) zero(3) = QuantizeLinear(x)',
      'd = DequantizeLinear(q)',
      'a = Add(d, d)',
      'aq: uint8 scale(0.5) zero(3) = QuantizeLinear(a)',
    ]);
    expect(keeps(`${add}  y = Cast(aq) {to = 6}  output y: int32`)).toEqual([
      'a = Add(d, d)',
      'y = Cast(aq) {to = 6}',
    ]);
    expect(
      absorbed(`${add}  input k: bool[]  e = DequantizeLinear(aq, s, z)  output e: float32
        y = If(k) {then_branch = graph a { u = Cast(aq) {to = 6}  output u: int32 },
                   else_branch = graph b { v = Cast(aq) {to = 6}  output v: int32 }}  output y: int32`),
    ).toContain('aq: uint8 scale(0.5) zero(3) = QuantizeLinear(a)');
  });

  test('codes that are an input: their parameters stay where they are said', () => {
    expect(
      absorbed('input q: uint8[2, 2]  d = DequantizeLinear(q, s, z)  y = Neg(d)  output y: float32'),
    ).toBe('unchanged');
  });

  test.each([
    ['a computed scale', 'input k: float32[]  q = QuantizeLinear(x, k, z)  y = DequantizeLinear(q, k, z)'],
    ['a computed zero point', 'input k: uint8[]  q = QuantizeLinear(x, s, k)  y = DequantizeLinear(q, s, k)'],
    ['a scale of 0', 'const o: float32[] = [0]  q = QuantizeLinear(x, o, z)  y = DequantizeLinear(q, o, z)'],
    [
      'a scale of infinity',
      'const o: float32[] = [inf]  q = QuantizeLinear(x, o, z)  y = DequantizeLinear(q, o, z)',
    ],
    [
      'float64 scales',
      'const o: float64[] = [1]  q = QuantizeLinear(x, o, z)  y = DequantizeLinear(q, o, z)',
    ],
    [
      'blocks',
      'q = QuantizeLinear(x, two, z) {block_size = 2}  y = DequantizeLinear(q, two, z) {block_size = 2}',
    ],
    [
      'an output type of its own',
      'q = QuantizeLinear(x, s) {output_dtype = 3}  y = DequantizeLinear(q, s, n)',
    ],
    [
      'scales and zero points of different counts',
      'q = QuantizeLinear(x, two, z)  y = DequantizeLinear(q, two, z)',
    ],
    ['parameters that differ', 'q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, t, z)'],
    [
      'a zero point of another type',
      'const f: float32[] = [0]  q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, s, f)',
    ],
  ])('%s', (_, nodes) => {
    expect(absorbed(`${x} ${nodes}  output y: float32`)).toBe('unchanged');
  });

  test('a graph without codes is the very same', () => {
    expect(absorbed(`${x} y = Neg(x)  output y: float32`)).toBe('unchanged');
  });
});
