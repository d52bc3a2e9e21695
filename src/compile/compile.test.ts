// Small graphs compiled and run, against the interpreter: layouts, slices of joined values, aliases, sizes, refusals.
import { describe, expect, test } from 'vitest';
import { interpret } from '../engines/interpreter/interpret.ts';
import { Tensor } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { load } from '../runtime/index.ts';
import { compileModel } from './compile.ts';
import { reshapedStrides } from './reshaped-strides.ts';

const model = (lines: string) => parseModel(`ir 8\nopset 17\n\ngraph g {\n${lines}\n}\n`);
const floats = (...dims: number[]): Tensor =>
  Tensor.of(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => ((i * 37) % 101) / 25 - 2),
  );

/** Every output alike to the bit. */
async function expectExact(lines: string, feeds: Readonly<Record<string, Tensor>>): Promise<void> {
  const graph = model(lines);
  const network = await load(compileModel(graph).files, { variant: 'baseline' });
  const got = await network.run(
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.data('float32')])),
  );
  const wanted = interpret(graph, feeds);
  for (const { name } of graph.graph.outputs)
    expect([name, got[name]!.dims, [...(got[name]!.data as Float32Array)]]).toEqual([
      name,
      wanted[name]!.dims,
      wanted[name]!.toNumbers(),
    ]);
}

test('codes cross, move and cross back', () =>
  expectExact(
    `
  input x: float32[2, 3, 4]
  const order: int64[2] = [-1, 6]
  q: uint8[2, 3, 4] scale(0.03) zero(128) = QuantizeLinear(x)
  t: uint8[4, 2, 3] scale(0.03) zero(128) = Transpose(q) {perm = [2, 0, 1]}
  r: uint8[4, 6] scale(0.03) zero(128) = Reshape(t, order)
  y: float32[4, 6] = DequantizeLinear(r)
  output y: float32[4, 6]`,
    { x: floats(2, 3, 4) },
  ));

test('codes of int8 lie 128 higher, and come out as they were', async () => {
  const graph = model(`
  input x: float32[5]
  q: int8[5] scale(0.5) zero(-3) = QuantizeLinear(x)
  output q: int8[5] scale(0.5) zero(-3)`);
  const network = await load(compileModel(graph).files);
  const { q } = await network.run({ x: Float32Array.of(-100, -1, 0, 1.25, 100) });
  expect([q!.type, [...(q!.data as Int8Array)], q!.codes]).toEqual([
    'int8',
    [-128, -5, -3, -1, 127],
    { scale: 0.5, zeroPoint: -3 },
  ]);
});

test('an open first axis is a batch of one; other sizes are given, and several sets share the weights', async () => {
  const graph = model(`
  input x: float32[N, 2, W]
  q: uint8[N, 2, W] scale(0.03) zero(128) = QuantizeLinear(x)
  y: float32[N, 2, W] = DequantizeLinear(q)
  output y: float32[N, 2, W]`);
  expect(() => compileModel(graph)).toThrow(/shape \[1,2,W\] is not known while compiling/);
  const { manifest, files } = compileModel(graph, { sizes: [{ W: 3 }, { N: 2, W: 5 }] });
  expect(manifest.programs.map((p) => p.sizes)).toEqual([
    { N: 1, W: 3 },
    { N: 2, W: 5 },
  ]);
  const wide = await load(files, { sizes: { W: 5 } });
  expect(wide.inputMetadata[0]!.shape).toEqual([2, 2, 5]);
  await expect(load(files, { sizes: { W: 4 } })).rejects.toThrow('was not compiled for {"W":4}');
});

test('every node without a kernel is named, and nothing is made', () => {
  const graph = model(`
  input x: float32[2]
  a: float32[2] = com.example::First(x)
  b: float32[2] = com.example::Second(a)
  output b: float32[2]`);
  expect(() => compileModel(graph)).toThrow(/First.*Second/);
  const shapeless = model(`
  input x: float32[2]
  a: float32[2] = com.example::First(x)
  b = com.example::Second(a)
  c: float32[2] = com.example::Third(b)
  output c: float32[2]`);
  expect(() => compileModel(shapeless)).toThrow(/3 nodes: they cannot be compiled: .*First.*Second.*Third/);
});

describe('reshaped strides', () => {
  const dense = { dims: [2, 3, 4], strides: [12, 4, 1] };
  const padded = { dims: [2, 3, 4], strides: [24, 8, 1] };

  test('of dense memory there always are some', () => {
    expect(reshapedStrides(dense, [6, 4])).toEqual([4, 1]);
    expect(reshapedStrides(dense, [24])).toEqual([1]);
    expect(reshapedStrides(dense, [4, 6])).toEqual([6, 1]);
    expect(reshapedStrides(dense, [2, 1, 12, 1])).toEqual([12, 0, 1, 0]);
  });

  test('of padded memory only where no axis runs across the padding', () => {
    expect(reshapedStrides(padded, [6, 4])).toEqual([8, 1]);
    expect(reshapedStrides(padded, [6, 2, 2])).toEqual([8, 2, 1]);
    expect(reshapedStrides(padded, [2, 12])).toBeUndefined();
    expect(reshapedStrides({ dims: [1, 5, 1, 1], strides: [8, 1, 8, 8] }, [1, 5])).toEqual([0, 1]);
  });
});
