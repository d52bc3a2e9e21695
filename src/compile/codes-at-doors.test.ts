// Networks whose inputs and outputs are codes: the same answers as of real numbers, and why some doors stay float.
import { describe, expect, test } from 'vitest';
import { interpret } from '../engines/interpreter/interpret.ts';
import type { Node } from '../ir/index.ts';
import { perTensor, Tensor } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { dequantizeTensor, quantizeTensor } from '../ops/crossings.ts';
import type { PortMetadata } from '../runtime/index.ts';
import { load } from '../runtime/index.ts';
import { compileModel } from './compile.ts';
import { compileInProcess } from './in-process.ts';

const model = (lines: string) => parseModel(`ir 8\nopset 17\n\ngraph g {\n${lines}\n}\n`);
const nowhere = {} as Node;
const quantOf = ({ type, codes }: PortMetadata) =>
  perTensor(type as 'int8', codes!.scale, codes!.zeroPoint, 'a test');

/** Values beyond both ends of the codes too. */
const floats = (...dims: number[]): Tensor =>
  Tensor.of(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => ((i * 37) % 401) / 40 - 5),
  );

/** An image, through a layer that wants channels last. */
const pooled = (type: string, zero: number, [n, c, h, w]: readonly number[]) => `
  input x: float32[${n}, ${c}, ${h}, ${w}]
  q: ${type}[${n}, ${c}, ${h}, ${w}] scale(0.03) zero(${zero}) = QuantizeLinear(x)
  p: ${type}[${n}, ${c}, ${h! - 1}, ${w! - 1}] scale(0.03) zero(${zero}) = MaxPool(q) {kernel_shape = [2, 2]}
  y: float32[${n}, ${c}, ${h! - 1}, ${w! - 1}] = DequantizeLinear(p)
  output y: float32[${n}, ${c}, ${h! - 1}, ${w! - 1}]`;

test.each([
  ['uint8', 128, [1, 3, 5, 20]],
  ['int8', -3, [2, 3, 4, 17]],
  ['int8', 0, [1, 8, 3, 3]],
  ['uint8', 0, [1, 1, 9, 40]],
] as const)(
  '%s, zero point %i, of %j: what the interpreter makes of the real numbers',
  async (type, zero, dims) => {
    const graph = model(pooled(type, zero, dims));
    const { files, notes } = compileModel(graph, { quantizedIo: true });
    expect(notes).toEqual([]);
    const network = await load(files, { variant: 'baseline' });
    const [input, output] = [network.inputMetadata[0]!, network.outputMetadata[0]!];
    expect([input, output].map((port) => [port.type, port.codes])).toEqual([
      [type, { scale: Math.fround(0.03), zeroPoint: zero }],
      [type, { scale: Math.fround(0.03), zeroPoint: zero }],
    ]);
    const x = floats(...dims);
    const codes = quantizeTensor(nowhere, x, quantOf(input));
    const { y } = await network.run({ x: codes.data(type) });
    const made = Tensor.of(type, y!.dims, y!.data as never);
    expect(y!.codes).toEqual(output.codes);
    expect(dequantizeTensor(nowhere, made, quantOf(output)).toNumbers()).toEqual(
      interpret(graph, { x }).y!.toNumbers(),
    );
    // What one gives another takes: of a network that only passes codes on, the same come out.
    const through = await compileInProcess(
      model(`
  input x: float32[${y!.dims.join(', ')}]
  q: ${type}[${y!.dims.join(', ')}] scale(0.03) zero(${zero}) = QuantizeLinear(x)
  z: float32[${y!.dims.join(', ')}] = DequantizeLinear(q)
  output z: float32[${y!.dims.join(', ')}]`),
      { quantizedIo: true, variant: 'baseline' },
    );
    const { z } = await through.run({ x: y! });
    expect([z!.type, z!.data, z!.codes]).toEqual([type, y!.data, y!.codes]);
  },
);

test('pixels come to the same codes as through floats', async () => {
  const graph = model(pooled('uint8', 128, [1, 3, 4, 20]));
  const images = { preset: 'imagenet' } as const;
  const image = { width: 20, height: 4, data: Uint8Array.from({ length: 320 }, (_, i) => (i * 7) & 255) };
  const [floating, coded] = await Promise.all(
    [false, true].map(async (quantizedIo) => {
      const network = await load(compileModel(graph, { images, quantizedIo }).files, { variant: 'baseline' });
      return { network, y: (await network.run({ x: image })).y! };
    }),
  );
  expect(coded!.network.inputMetadata[0]!.image).toEqual(floating!.network.inputMetadata[0]!.image);
  const quant = quantOf(coded!.network.outputMetadata[0]!);
  const made = Tensor.of('uint8', coded!.y.dims, coded!.y.data as never);
  expect(dequantizeTensor(nowhere, made, quant).toNumbers()).toEqual([...(floating!.y.data as Float32Array)]);
});

test('every set of sizes has codes; what stays float is said once', async () => {
  const graph = model(`
  input x: float32[N, W]
  q: uint8[N, W] scale(0.03) zero(128) = QuantizeLinear(x)
  y: float32[N, W] = DequantizeLinear(q)
  z: float32[N, W] = Neg(y)
  output z: float32[N, W]`);
  const { manifest, notes } = compileModel(graph, { quantizedIo: true, sizes: [{ W: 3 }, { W: 5 }] });
  expect(manifest.programs.map((p) => p.inputs[0]!.dtype)).toEqual(['uint8', 'uint8']);
  expect(notes).toEqual([
    { code: 'float-port', where: "output 'z'", what: "it stays float32, for Neg 'z' makes real numbers" },
  ]);
});

describe('a door stays float', () => {
  const quantized = (name: string, scale: string) =>
    `${name}: uint8[4] scale(${scale}) zero(128) = QuantizeLinear(x)`;
  const back = (name: string, from: string) => `${name}: float32[4] = DequantizeLinear(${from})`;

  test.each([
    [
      'where the caller gets the real numbers back',
      [quantized('q', '0.03'), back('y', 'q'), 'output y: float32[4]', 'output x: float32[4]'],
      ["input 'x'", 'it is an output as well'],
      ["output 'x'", 'it is no result of a node'],
    ],
    [
      'where another node reads it',
      [
        quantized('q', '0.03'),
        back('y', 'q'),
        'z: float32[4] = Neg(x)',
        'output y: float32[4]',
        'output z: float32[4]',
      ],
      ["input 'x'", "Neg 'z' works on its real numbers"],
      ["output 'z'", "Neg 'z' makes real numbers"],
    ],
    [
      'where two have other codes of it',
      [
        quantized('q', '0.03'),
        quantized('r', '0.04'),
        back('y', 'q'),
        back('z', 'r'),
        'output y: float32[4]',
        'output z: float32[4]',
      ],
      ["input 'x'", 'its readers give it different codes'],
    ],
    [
      'where another node reads the result',
      [
        quantized('q', '0.03'),
        back('y', 'q'),
        'z: float32[4] = Neg(y)',
        'output y: float32[4]',
        'output z: float32[4]',
      ],
      ["output 'y'", "Neg 'z' works on its real numbers"],
      ["output 'z'", "Neg 'z' makes real numbers"],
    ],
  ] as const)('%s', async (_, lines, ...why) => {
    const graph = model(['input x: float32[4]', ...lines].map((line) => `  ${line}`).join('\n'));
    const { files, notes } = compileModel(graph, { quantizedIo: true });
    expect(notes).toEqual(
      why.map(([where, what]) => ({ code: 'float-port', where, what: `it stays float32, for ${what}` })),
    );
    // Those that could are codes, and all are right.
    const network = await load(files, { variant: 'baseline' });
    const x = floats(4);
    const [input] = network.inputMetadata;
    const given =
      input!.codes === undefined
        ? x.data('float32')
        : quantizeTensor(nowhere, x, quantOf(input!)).data('uint8');
    const got = await network.run({ x: given });
    const wanted = interpret(graph, { x });
    for (const port of network.outputMetadata) {
      const { data } = got[port.name]!;
      const numbers =
        port.codes === undefined
          ? [...(data as Float32Array)]
          : dequantizeTensor(nowhere, Tensor.of('uint8', [4], data as Uint8Array), quantOf(port)).toNumbers();
      expect([port.name, numbers]).toEqual([port.name, wanted[port.name]!.toNumbers()]);
    }
  });
});
