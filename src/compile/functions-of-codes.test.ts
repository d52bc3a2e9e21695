// Chains of nodes that are functions of one code: what they become, and that every bit is the interpreter's.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../engines/interpreter/interpret.ts';
import { Tensor } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { load } from '../runtime/index.ts';
import { compileModel } from './compile.ts';

const model = (lines: string) => parseModel(`ir 8\nopset 17\n\ngraph g {\n${lines}\n}\n`);
/** Beyond both ends of the codes, with every code between. */
const floats = Float32Array.from({ length: 600 }, (_, i) => (i - 300) * 0.02);

/** The kernels that run, where every output is the interpreter's to the bit. */
async function kernelsOf(lines: string): Promise<readonly string[]> {
  const graph = model(lines);
  const { files, manifest } = compileModel(graph);
  const network = await load(files, { variant: 'baseline' });
  const got = await network.run({ x: floats });
  const wanted = interpret(graph, { x: Tensor.of('float32', [2, 300], floats) });
  for (const { name } of graph.graph.outputs)
    expect([name, ...(got[name]!.data as Float32Array)]).toEqual([name, ...wanted[name]!.toNumbers()]);
  return manifest.programs[0]!.calls.map((call) => manifest.kernels[call.kernel]!);
}

const door = (dtype: string, zero: number): string => `
  input x: float32[2, 300]
  const half: float32[] = [0.5]
  const one: float32[] = [1]
  const three: float32[] = [3]
  const inner: float32[1, 1] = [0.7978845834732056]
  const cubic: float32[] = [0.044714998453855515]
  q: ${dtype}[2, 300] scale(0.02) zero(${zero}) = QuantizeLinear(x)`;
const gelu = `
  f: float32[2, 300] = DequantizeLinear(q)
  cube: float32[2, 300] = Pow(f, three)
  small: float32[2, 300] = Mul(cube, cubic)
  sum: float32[2, 300] = Add(f, small)
  scaled: float32[2, 300] = Mul(sum, inner)
  tanh: float32[2, 300] = Tanh(scaled)
  more: float32[2, 300] = Add(tanh, one)
  times: float32[2, 300] = Mul(f, more)
  y: float32[2, 300] = Mul(times, half)`;

describe('one lookup', () => {
  test.each([
    ['uint8', 128],
    ['int8', -3],
  ])('for a GELU of %s in nine nodes, to floats', async (dtype, zero) => {
    const lines = `${door(dtype, zero)}${gelu}\n  output y: float32[2, 300]`;
    expect(await kernelsOf(lines)).toEqual(['quantize', 'lookup-words']);
  });

  test.each([
    ['uint8', 'int8'],
    ['int8', 'uint8'],
  ])('of %s to %s', async (from, to) => {
    const lines = `${door(from, 100)}${gelu}
  c: ${to}[2, 300] scale(0.02) zero(5) = QuantizeLinear(y)
  t: ${to}[300, 2] scale(0.02) zero(5) = Transpose(c) {perm = [1, 0]}
  z: float32[300, 2] = DequantizeLinear(t)
  output z: float32[300, 2]`;
    expect((await kernelsOf(lines)).slice(0, 2)).toEqual(['quantize', 'lookup-bytes']);
  });

  test('of codes times what they became', async () => {
    const lines = `${door('uint8', 128)}
  s: uint8[2, 300] scale(0.00390625) zero(0) = Sigmoid(q)
  m: uint8[2, 300] scale(0.012) zero(20) = Mul(q, s)
  t: uint8[300, 2] scale(0.012) zero(20) = Transpose(m) {perm = [1, 0]}
  y: float32[300, 2] = DequantizeLinear(t)
  output y: float32[300, 2]`;
    const kernels = await kernelsOf(lines);
    expect(kernels.slice(0, 2)).toEqual(['quantize', 'lookup-bytes']);
    expect(kernels).not.toContain('multiply-codes');
  });

  test('between caller and network, where both have codes', async () => {
    const graph = model(`${door('uint8', 120)}${gelu}
  c: int8[2, 300] scale(0.03) zero(-100) = QuantizeLinear(y)
  z: float32[2, 300] = DequantizeLinear(c)
  output z: float32[2, 300]`);
    const { files, manifest } = compileModel(graph, { quantizedIo: true });
    expect(manifest.programs[0]!.calls.map(({ op }) => op)).toEqual(['Table']);
    const codes = Uint8Array.from({ length: 600 }, (_, i) => i);
    const { z } = await (await load(files)).run({ x: codes });
    const reals = Float32Array.from(codes, (code) => (code - 120) * 0.02);
    const { c } = interpret(graph, { x: Tensor.of('float32', [2, 300], reals) }, ['c']);
    expect([...z!.data]).toEqual(c!.toNumbers());
  });

  test('of a picture whose pixels have four bytes', async () => {
    const graph = model(`
  input x: float32[1, 3, 6, 6]
  const two: float32[] = [2]
  const w: int8[8, 3, 3, 3] = [${Array.from({ length: 216 }, (_, i) => (i % 19) - 9).join(', ')}]
  type w: int8[8, 3, 3, 3] scale(0.01) zero(0)
  q: uint8[1, 3, 6, 6] scale(0.02) zero(128) = QuantizeLinear(x)
  f: float32[1, 3, 6, 6] = DequantizeLinear(q)
  d: float32[1, 3, 6, 6] = Mul(f, two)
  p: uint8[1, 3, 6, 6] scale(0.04) zero(100) = QuantizeLinear(d)
  c: uint8[1, 8, 6, 6] scale(0.1) zero(7) = Conv(p, w) {pads = [1, 1, 1, 1]}
  y: float32[1, 8, 6, 6] = DequantizeLinear(c)
  output y: float32[1, 8, 6, 6]`);
    const { files, manifest } = compileModel(graph);
    const kernels = manifest.programs[0]!.calls.map(({ kernel }) => manifest.kernels[kernel]!);
    expect(kernels).toContain('lookup-bytes');
    // Three taps of four bytes each.
    expect(kernels.find((name) => name.startsWith('convolution'))).toMatch(/-by-3$/);
    const x = floats.slice(0, 108);
    const { y } = await (await load(files)).run({ x });
    const wanted = interpret(graph, { x: Tensor.of('float32', [1, 3, 6, 6], x) });
    expect([...y!.data]).toEqual(wanted.y!.toNumbers());
  });

  test('where another reader wants what lies between, beside it', async () => {
    const lines = `${door('uint8', 128)}
  f: float32[2, 300] = DequantizeLinear(q)
  e: float32[2, 300] = Exp(f)
  l: float32[2, 300] = Neg(e)
  s: float32[2, 300] = Softmax(e)
  output l: float32[2, 300]
  output s: float32[2, 300]`;
    expect(await kernelsOf(lines)).toEqual(['quantize', 'lookup-words', 'lookup-words', 'softmax']);
  });
});

describe('no lookup', () => {
  test('for what only a file calls a table', () => {
    for (const inputs of ['q', 'q, half', 'f, half']) {
      const graph = model(`${door('uint8', 128)}
  f: float32[2, 300] = DequantizeLinear(q)
  y: float32[2, 300] = octavo::Table(${inputs})
  output y: float32[2, 300]`);
      expect(() => compileModel(graph)).toThrow(/\(Table\): there is no kernel for the operator/);
    }
  });

  test('behind an operator without a kernel, which is named', () => {
    const graph = model(`${door('uint8', 128)}
  f: float32[2, 300] = DequantizeLinear(q)
  u = com.example::Foo(f)
  y: float32[2, 300] = Relu(u)
  output y: float32[2, 300]`);
    expect(() => compileModel(graph)).toThrow(/\(Foo\): there is no kernel for the operator/);
  });

  test('to floats for two cheap nodes, which vectors do as fast', async () => {
    const lines = `${door('uint8', 128)}
  f: float32[2, 300] = DequantizeLinear(q)
  y: float32[2, 300] = Relu(f)
  output y: float32[2, 300]`;
    expect(await kernelsOf(lines)).not.toContain('lookup-words');
  });

  test('for a single node, which has a kernel of its own', async () => {
    const lines = `${door('uint8', 128)}
  y: float32[2, 300] = DequantizeLinear(q)
  output y: float32[2, 300]`;
    expect(await kernelsOf(lines)).toEqual(['quantize', 'dequantize']);
  });

  test('where a constant differs from element to element, or codes of two values meet', async () => {
    const lines = `${door('uint8', 128)}
  const each: float32[2, 1] = [0.5, 2]
  f: float32[2, 300] = DequantizeLinear(q)
  g: float32[2, 300] = Mul(f, each)
  r: uint8[2, 300] scale(0.03) zero(7) = QuantizeLinear(g)
  h: float32[2, 300] = DequantizeLinear(r)
  y: float32[2, 300] = Div(f, h)
  output y: float32[2, 300]`;
    expect((await kernelsOf(lines)).filter((name) => name.startsWith('lookup'))).toEqual([]);
  });
});

type Step = (a: string) => string;
const tame: readonly Step[] = [
  (a) => `Sigmoid(${a})`,
  (a) => `Abs(${a})`,
  (a) => `Neg(${a})`,
  (a) => `Add(${a}, one)`,
  (a) => `Sub(half, ${a})`,
  (a) => `Max(${a}, f)`,
  (a) => `Clip(${a}, half, three)`,
];
/** These may end in what is no number, which has no code. */
const wild: readonly Step[] = [
  (a) => `Sqrt(${a})`,
  (a) => `Mul(${a}, ${a})`,
  (a) => `Div(one, ${a})`,
  (a) => `Pow(${a}, three)`,
];

test.each([
  ['codes', tame],
  ['floats', [...tame, ...wild]],
] as const)('any chain to %s', (end, steps) =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 255 }),
      async (chain, zero) => {
        const last = `v${chain.length}`;
        const lines = [
          door('uint8', zero),
          '  f: float32[2, 300] = DequantizeLinear(q)',
          '  v0: float32[2, 300] = Relu(f)',
          ...chain.map((step, i) => `  v${i + 1}: float32[2, 300] = ${step(`v${i}`)}`),
          `  v: float32[2, 300] = Sigmoid(${last})`,
          ...(end === 'codes'
            ? [
                '  c: int8[2, 300] scale(0.004) zero(-128) = QuantizeLinear(v)',
                '  t: int8[300, 2] scale(0.004) zero(-128) = Transpose(c) {perm = [1, 0]}',
                '  y: float32[300, 2] = DequantizeLinear(t)',
                '  output y: float32[300, 2]',
              ]
            : ['  output v: float32[2, 300]']),
        ];
        const kernels = await kernelsOf(lines.join('\n'));
        expect(kernels.some((name) => name.startsWith('lookup'))).toBe(true);
      },
    ),
    { numRuns: 40 },
  ),
);
