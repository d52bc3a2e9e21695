// Random chains of the operators that passes fold and merge: `prepare` keeps their function, shapes and output names.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { type Model, Tensor } from '../ir/index.ts';
import { parseModel, printModel } from '../ir/text.ts';
import { prepare } from './preset.ts';

const ort = await onnxruntimeNode();
const channels = 4;

/** A node that keeps [2, 4, *, *], reading `x` and making `y`; `seed` makes its constants. */
type Step = (x: string, y: string, seed: number) => string;

const vector = (name: string, seed: number, dims = `${channels}`): string =>
  `const ${name}: float32[${dims}] = random(${seed}, 1)`;
const positive = (name: string): string => `const ${name}: float32[${channels}] = [0.5, 2, 1.25, 0.75]`;

const conv =
  (attributes: string, perGroup: number, kernel: number): Step =>
  (x, y, seed) =>
    `
    ${vector(`${y}_w`, seed, `${channels}, ${perGroup}, ${kernel}, ${kernel}`)}
    ${y} = Conv(${x}, ${y}_w${seed % 2 ? `, ${y}_b` : ''}) {${attributes}}
    ${seed % 2 ? vector(`${y}_b`, seed + 1) : ''}`;

const withConstant =
  (op: string, dims: string, first: boolean): Step =>
  (x, y, seed) =>
    `
    ${vector(`${y}_c`, seed, dims)}
    ${y} = ${op}(${first ? `${y}_c, ${x}` : `${x}, ${y}_c`})`;

const scalar =
  (op: string, value: number): Step =>
  (x, y) =>
    `
    const ${y}_c: float32[] = [${value}]
    ${y} = ${op}(${x}, ${y}_c)`;

const clip =
  (lo: string, hi: string): Step =>
  (x, y) =>
    `
    ${lo === '' ? '' : `const ${y}_lo: float32[] = [${lo}]`}
    ${hi === '' ? '' : `const ${y}_hi: float32[] = [${hi}]`}
    ${y} = Clip(${x}, ${lo === '' ? '_' : `${y}_lo`}${hi === '' ? '' : `, ${y}_hi`})`;

const plain =
  (call: (x: string) => string): Step =>
  (x, y) =>
    `${y} = ${call(x)}`;

const steps: readonly Step[] = [
  conv('pads = [1, 1, 1, 1]', channels, 3),
  conv('group = 4, auto_pad = "SAME_UPPER"', 1, 3),
  conv('group = 2', 2, 1),
  (x, y, seed) => `
    ${vector(`${y}_w`, seed, `${channels}, 2, 1, 1`)}
    ${y} = ConvTranspose(${x}, ${y}_w) {group = 2}`,
  (x, y, seed) => `
    ${vector(`${y}_g`, seed)} ${vector(`${y}_b`, seed + 1)} ${vector(`${y}_m`, seed + 2)} ${positive(`${y}_v`)}
    ${y} = BatchNormalization(${x}, ${y}_g, ${y}_b, ${y}_m, ${y}_v)`,
  withConstant('Mul', `${channels}, 1, 1`, false),
  withConstant('Add', `1, ${channels}, 1, 1`, true),
  withConstant('Sub', '1, 1, 1', true),
  withConstant('Add', '6', false),
  scalar('Div', 2),
  scalar('Mul', 1),
  scalar('Add', 0),
  scalar('Min', 0.5),
  scalar('Max', -0.25),
  clip('0', ''),
  clip('-0.5', '0.75'),
  clip('', '1'),
  clip('-1.5', '-1'),
  plain((x) => `Relu(${x})`),
  plain((x) => `Sigmoid(${x})`),
  plain((x) => `Identity(${x})`),
  plain((x) => `Dropout(${x})`),
  plain((x) => `Transpose(${x}) {perm = [0, 1, 3, 2]}`),
  (x, y) => `
    const ${y}_p: int64[8] = [0, 0, 1, 0, 0, 0, 0, 1]
    ${y}_padded = Pad(${x}, ${y}_p)
    ${y} = MaxPool(${y}_padded) {kernel_shape = [2, 2]}`,
  (x, y, seed) => `
    const ${y}_p: int64[8] = [0, 0, 2, 1, 0, 0, 0, 1]
    ${y}_padded = Pad(${x}, ${y}_p)
    ${vector(`${y}_w`, seed, `${channels}, ${channels}, 3, 3`)}
    ${y} = Conv(${y}_padded, ${y}_w)`,
  // The channels last: a product over them, its bias, and back.
  (x, y, seed) => `
    ${y}_last = Transpose(${x}) {perm = [0, 2, 3, 1]}
    const ${y}_rows: int64[2] = [72, ${channels}]
    const ${y}_back: int64[4] = [2, 6, 6, ${channels}]
    ${y}_flat = Reshape(${y}_last, ${y}_rows)
    ${vector(`${y}_w`, seed, `${channels}, ${channels}`)} ${vector(`${y}_b`, seed + 1)} ${vector(`${y}_s`, seed + 2)}
    ${y}_product = MatMul(${y}_flat, ${y}_w)
    ${y}_biased = Add(${y}_b, ${y}_product)
    ${y}_scaled = Mul(${y}_biased, ${y}_s)
    ${y}_spread = Reshape(${y}_scaled, ${y}_back)
    ${y} = Transpose(${y}_spread) {perm = [0, 3, 1, 2]}`,
];

interface Link {
  readonly step: number;
  readonly seed: number;
  /** How many values back it reads. */
  readonly back: number;
}

const links = fc.array(
  fc.record({
    step: fc.nat(steps.length - 1),
    seed: fc.nat(1000),
    back: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
  }),
  { minLength: 1, maxLength: 9 },
);

/** Every value that nothing reads is an output, and one that something reads may be. */
function modelOf(chain: readonly Link[], alsoOutput: number): Model {
  const made = ['x'];
  const read = new Set<string>();
  const lines = chain.map(({ step, seed, back }, i) => {
    const x = made.at(-Math.min(back, made.length))!;
    read.add(x);
    made.push(`v${i}`);
    return steps[step]!(x, `v${i}`, seed);
  });
  const outputs = made.filter((name, i) => name !== 'x' && (!read.has(name) || i === alsoOutput));
  return parseModel(`ir 8 opset 13 graph g {
    input x: float32[2, ${channels}, 6, 6]
    ${lines.join('\n')}
    ${outputs.map((name) => `output ${name}: float32[2, ${channels}, 6, 6]`).join('\n')}
  }`);
}

async function run(model: Model): Promise<Record<string, Tensor>> {
  const next = lcg(5);
  const dims = [2, channels, 6, 6];
  const data = Float32Array.from({ length: 2 * channels * 36 }, () => 4 * next() - 2);
  const session = await ort.load(writeOnnx(model), { optimization: 'none' });
  try {
    return await session.run({ x: Tensor.of('float32', dims, data) });
  } finally {
    await session.dispose();
  }
}

test('prepare keeps the function of random chains', async () => {
  await fc.assert(
    fc.asyncProperty(links, fc.nat(20), async (chain, alsoOutput) => {
      const before = modelOf(chain, alsoOutput);
      const after = prepare(before);
      expect(prepare(after)).toBe(after);
      const [want, got] = [await run(before), await run(after)];
      expect(Object.keys(got)).toEqual(Object.keys(want));
      for (const [name, tensor] of Object.entries(want)) {
        const values = tensor.toNumbers();
        const others = got[name]!.toNumbers();
        expect(got[name]!.dims).toEqual(tensor.dims);
        const size = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
        const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - others[i]!)), 0);
        expect(worst / size, printModel(after)).toBeLessThanOrEqual(1e-4);
      }
    }),
    { numRuns: 150 },
  );
});
