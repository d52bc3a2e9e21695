import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteRange, rangeOf, readRange } from '../base/bytes.ts';
import { FormatError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import { lcg } from '../base/random.ts';
import {
  type Attribute,
  type DType,
  dtypes,
  type Graph,
  isNumericDType,
  type Model,
  type ModelFunction,
  type Node,
  quantizedRanges,
  storageBytes,
  Tensor,
  toScale,
  toZeroPoint,
  type ValueType,
} from './index.ts';
import { parseModel, printModel } from './text.ts';

/** The same value with bytes where there are tensors and ranges, and without the sources. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor)
    return {
      dtype: value.dtype,
      dims: value.dims,
      content: value.dtype === 'string' ? value.strings().map((s) => [...s]) : [...value.bytes()],
    };
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, plain(v)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('source' in value && 'offset' in value) return [...readRange(value as unknown as ByteRange)];
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}

const float32 = fc.float({ noNaN: false });
const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc.constantFrom('x', 'input', 'const', '_', '12', 'a/b.c', 'graph', 'scale', '}', 'é'),
);
const range = fc.uint8Array({ maxLength: 40 }).map(rangeOf);
const dims = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const dtype = fc.constantFrom(...(Object.keys(dtypes) as DType[]));
const tensor = fc
  .tuple(dtype, dims, fc.infiniteStream(fc.integer({ min: 0, max: 255 })))
  .map(([type, ds, stream]) => {
    const next = (): number => stream.next().value as number;
    if (type === 'string')
      return Tensor.ofStrings(
        ds,
        Array.from({ length: elementCount(ds) }, () => Uint8Array.of(next(), next())),
      );
    const bytes = Uint8Array.from({ length: storageBytes(type, elementCount(ds)) }, () =>
      type === 'bool' ? next() & 1 : next(),
    );
    return Tensor.lazy(type, ds, () => bytes);
  });
const shape = fc.option(fc.array(fc.oneof(fc.nat(), name, fc.constant(null)), { maxLength: 3 }), {
  nil: undefined,
});
const scale = fc
  .float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-30) })
  .map((v) => toScale(v, 'test'));
const quantized: fc.Arbitrary<ValueType> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(quantizedRanges) as (keyof typeof quantizedRanges)[])),
    scales: fc.array(scale, { minLength: 1, maxLength: 3 }),
    position: fc.option(fc.record({ axis: fc.integer({ min: -2, max: 3 }) }), { nil: {} }),
    block: fc.option(fc.record({ block: fc.constant(32) }), { nil: {} }),
    shape,
  })
  .map((r) => ({
    kind: 'quantized',
    shape: r.shape,
    quant: {
      dtype: r.dtype,
      scales: r.scales,
      zeroPoints: r.scales.map((_, i) => toZeroPoint(i + quantizedRanges[r.dtype].min, r.dtype, 'test')),
      ...r.position,
      ...r.block,
    },
  }));
const valueType: fc.Arbitrary<ValueType> = fc.oneof(
  fc.record({ kind: fc.constant('tensor' as const), dtype, shape }),
  quantized,
  fc.constant({ kind: 'opaque' as const }),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }).map((s) => new TextEncoder().encode(s)),
);

const { graph } = fc.letrec<{ graph: Graph; node: Node; attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ type: fc.constant('float' as const), value: float32 }),
    fc.record({
      type: fc.constant('int' as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({ type: fc.constant('string' as const), value: bytes }),
    fc.record({ type: fc.constant('floats' as const), value: fc.array(float32, { maxLength: 3 }) }),
    fc.record({ type: fc.constant('ints' as const), value: fc.array(fc.bigInt(-5n, 5n), { maxLength: 3 }) }),
    fc.record({ type: fc.constant('strings' as const), value: fc.array(bytes, { maxLength: 3 }) }),
    fc.record({ type: fc.constant('tensor' as const), value: tensor }),
    fc.record({ type: fc.constant('tensors' as const), value: fc.array(tensor, { maxLength: 2 }) }),
    fc.record({ type: fc.constant('reference' as const), value: name }),
    fc.record({ type: fc.constant('opaque' as const), value: range }),
    fc.record({ type: fc.constant('graph' as const), value: tie('graph') }),
    fc.record({ type: fc.constant('graphs' as const), value: fc.array(tie('graph'), { maxLength: 2 }) }),
  ),
  node: fc.record({
    name,
    op: name,
    domain: fc.constantFrom('', 'ai.onnx', 'com.x y'),
    inputs: fc.array(fc.oneof(name, fc.constant('')), { maxLength: 3 }),
    outputs: fc.array(fc.oneof(name, fc.constant('')), { maxLength: 2 }),
    attributes: fc.dictionary(name, tie('attribute'), { maxKeys: 3 }).map((o) => new Map(Object.entries(o))),
  }),
  graph: fc.record({
    name: fc.oneof(name, fc.constant('')),
    inputs: fc.array(fc.record({ name, type: valueType }), { maxLength: 2 }),
    outputs: fc.array(fc.record({ name, type: valueType }), { maxLength: 2 }),
    nodes: fc.array(tie('node'), { maxLength: 2 }),
    initializers: fc.array(fc.tuple(name, tensor), { maxLength: 2 }).map((e) => new Map(e)),
    types: fc.array(fc.tuple(name, valueType), { maxLength: 2 }).map((e) => new Map(e)),
    sparse: fc.array(fc.tuple(name, range), { maxLength: 1 }).map((e) => new Map(e)),
    extras: fc.array(range, { maxLength: 1 }),
  }),
}));
const opsets = fc
  .array(fc.tuple(fc.constantFrom('', 'ai.onnx', 'b c'), fc.nat()), { maxLength: 2 })
  .map((e) => new Map(e));
const modelFunction: fc.Arbitrary<ModelFunction> = fc
  .record({
    domain: name,
    name,
    overload: fc.constantFrom('', 'o'),
    inputs: fc.array(name, { maxLength: 2 }),
    outputs: fc.array(name, { maxLength: 2 }),
    graph,
    opsets,
    source: range,
  })
  .map(({ graph: g, ...rest }) => ({ ...rest, nodes: g.nodes }));
const model: fc.Arbitrary<Model> = fc.record({
  graph,
  irVersion: fc.nat(),
  opsets,
  producerName: fc.string(),
  producerVersion: fc.string(),
  metadata: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 2 }).map((e) => new Map(e)),
  functions: fc.array(modelFunction, { maxLength: 1 }),
  extras: fc.array(range, { maxLength: 1 }),
});

const small = `ir 8
opset 13
opset "com.microsoft" 1
producer "pytorch" "2.1"

graph main {
  input x: float32[N, 3, ?, "3"]
  const w: float32[2, 3, 1, 1] = [0.1, -0, 1e-7, inf, nan, 16777216]
  const bits: float32[1] = [nan0xffc00001]
  const k: int64[1] = [-9223372036854775808]
  type w: int8[2, 3, 1, 1] scale(0.5, 0.25) zero(0 * 2) axis(0)
  y: float32, _ = Conv(x, w, _) {strides = [1, 1], alpha = 1.0, mode = "a\\"b", none = ints()} @conv1
  "a b" = com.microsoft::Gelu(y)
  z = If(c) {then_branch = graph _ {
    t = Identity(y)
    output t: float32[]
  }}
  output z: opaque
}
`;

describe('the text form', () => {
  test('prints back what it parsed', () => {
    expect(printModel(parseModel(small), { mode: 'full' })).toBe(small);
  });

  test('brings any model back, to the bit', () => {
    fc.assert(
      fc.property(model, (m) => {
        const back = parseModel(printModel(m, { mode: 'full' }));
        expect(plain(back)).toEqual(plain(m));
      }),
      { numRuns: 300 },
    );
  });

  test('any text ends in a model or a FormatError', () => {
    const words = fc.constantFrom(...small.split(/(\s+|[^A-Za-z0-9])/).filter((w) => w !== ''));
    const texts = fc.oneof(
      fc.array(words, { maxLength: 60 }).map((w) => w.join('')),
      fc
        .tuple(fc.nat({ max: small.length }), fc.string({ maxLength: 3 }), fc.nat({ max: 8 }))
        .map(([at, put, cut]) => small.slice(0, at) + put + small.slice(at + cut)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseModel(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('random(seed, scale) is the LCG of base/random', () => {
    const m = parseModel('graph g { const w: float32[2, 2] = random(7, 0.5) }');
    const next = lcg(7);
    expect([...m.graph.initializers.get('w')!.data('float32')]).toEqual(
      Array.from({ length: 4 }, () => Math.fround(next() - 0.5)),
    );
  });

  test('brief text prints a hash that full text and parsing know nothing of', () => {
    const m = parseModel('graph g { const w: float32[4, 5] = random(1, 1) output w: float32[4, 5] }');
    const brief = printModel(m);
    expect(brief).toMatch(/const w: float32\[4, 5\] = hash [0-9a-f]{8}\n/);
    expect(() => parseModel(brief)).toThrow(/brief mode.*print it in full/);
    expect(printModel(m, { mode: 'full' })).toContain('base64 "');
  });

  test.each([
    ['graph g {\n  y = Relu(x\n}', /line 3, column 1: expected '\)', found '}'/],
    ['graph g { const w: float32[3] = [1, 2] }', /line 1, column 33: 2 values do not fill 3 places/],
    ['graph g { const w: int8[1] = [200] }', /'200' is not a value of type int8/],
    ['graph g { const w: float31[1] = [1] }', /'float31' is no data type/],
    ['graph g { const w: float32[1] = base64 "AAAA" }', /3 bytes, where 4 are needed/],
    ['graph g { const w: float32[999999999999999] = [1] }', /too large/],
    ['graph g { const w: float32[999999999] = random(1, 1) }', /at most/],
    ['graph g { type x: int8[1] scale(-1) zero(0) }', /not a positive, finite float32/],
    ['graph g { () = Op() }', /needs a name/],
    ['graph g { y = Op() {a = 1, a = 2} }', /given twice/],
    ['graph g { y = Op() {a = 99999999999999999999} }', /does not fit 64 bits/],
    ['graph g { y = Op("x }', /line 1, column 18: the quoted text has no end/],
    ['ir 8', /holds no graph/],
    [`graph a ${'{ y = If() {b = graph a '.repeat(100)}`, /nested more than 32 deep/],
  ])('says where and what, case %#', (text, message) => {
    expect(() => parseModel(text)).toThrow(message);
    expect(() => parseModel(text)).toThrow(FormatError);
  });

  test('every numeric dtype prints its values or its bytes and comes back', () => {
    for (const type of Object.keys(dtypes) as DType[]) {
      if (!isNumericDType(type)) continue;
      const text = `graph g { const w: ${type}[2] = ${type.includes('float16') ? 'base64 "ADwAQA=="' : '[0, 1]'} }`;
      const tensor = parseModel(text).graph.initializers.get('w')!;
      expect(plain(parseModel(printModel(parseModel(text))).graph.initializers.get('w'))).toEqual(
        plain(tensor),
      );
    }
  });
});
