// Every encoding of every element type, made with protobufjs; and tensors whose parts do not fit together.
import { describe, expect, test } from 'vitest';
import type { Proto } from '../../../test/support/onnx-proto.ts';
import { encodeProto } from '../../../test/support/onnx-proto.ts';
import { bufferSource, concatBytes } from '../../base/bytes.ts';
import { FormatError, OctavoError } from '../../base/errors.ts';
import type { DType, Tensor } from '../../ir/index.ts';
import { dtypes } from '../../ir/index.ts';
import { readOnnx, writeOnnx } from './index.ts';
import type { ReadOnnxOptions } from './read-model.ts';

/** A model with one initializer, whose record is given as bytes. */
function modelOf(record: Uint8Array): Uint8Array {
  const size = record.length;
  const length = [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
  const graph = encodeProto('GraphProto', {
    name: 'main',
    node: [{ op_type: 'Identity', input: ['t'], output: ['y'] }],
    output: [{ name: 'y' }],
  });
  // Field 5 of the graph by hand, so that records protobufjs would not make can be tried.
  const whole = concatBytes([graph, Uint8Array.from([0x2a, ...length]), record]);
  const model = encodeProto('ModelProto', { ir_version: 8, opset_import: [{ version: 21 }] });
  const graphLength = [(whole.length & 127) | 128, ((whole.length >> 7) & 127) | 128, whole.length >> 14];
  return concatBytes([model, Uint8Array.from([0x3a, ...graphLength]), whole]);
}

function read(record: Proto, options: ReadOnnxOptions & { as?: string } = {}): Tensor {
  const bytes = modelOf(encodeProto(options.as ?? 'TensorProto', { name: 't', ...record }));
  return readOnnx(bytes, options).graph.initializers.get('t')!;
}

function problemOf(record: Proto, options: ReadOnnxOptions = {}): string {
  try {
    read(record, options);
  } catch (error) {
    if (error instanceof FormatError) return error.problems[0]!.what;
    throw error;
  }
  throw new Error('the tensor was accepted');
}

const le = (...bytes: number[]) => bytes;
const bytesOf = (array: ArrayBufferView) => [
  ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
];

/** Element type, typed field, its entries, and the storage bytes they mean. */
const encodings: readonly [
  dtype: DType,
  dims: number[],
  field: string,
  entries: unknown[],
  bytes: number[],
][] = [
  ['float32', [2], 'float_data', [1.5, -0], bytesOf(Float32Array.of(1.5, -0))],
  ['complex64', [2], 'float_data', [1, 2, 3, 4], bytesOf(Float32Array.of(1, 2, 3, 4))],
  ['float64', [2], 'double_data', [0.1, -7], bytesOf(Float64Array.of(0.1, -7))],
  ['complex128', [1], 'double_data', [0.1, -7], bytesOf(Float64Array.of(0.1, -7))],
  ['int64', [2], 'int64_data', ['9223372036854775807', '-2'], bytesOf(BigInt64Array.of(2n ** 63n - 1n, -2n))],
  [
    'uint64',
    [2],
    'uint64_data',
    ['18446744073709551615', '1'],
    bytesOf(BigUint64Array.of(2n ** 64n - 1n, 1n)),
  ],
  ['uint32', [2], 'uint64_data', ['4294967295', '3'], bytesOf(Uint32Array.of(4294967295, 3))],
  ['int32', [3], 'int32_data', [-1, 2147483647, 300], bytesOf(Int32Array.of(-1, 2147483647, 300))],
  ['int16', [2], 'int32_data', [-2, 30000], bytesOf(Int16Array.of(-2, 30000))],
  ['uint16', [2], 'int32_data', [65535, 1], bytesOf(Uint16Array.of(65535, 1))],
  ['int8', [3], 'int32_data', [-128, 127, -1], le(128, 127, 255)],
  ['uint8', [2], 'int32_data', [255, 0], le(255, 0)],
  ['bool', [2], 'int32_data', [1, 0], le(1, 0)],
  ['float16', [2], 'int32_data', [0x3c00, 0xfc00], le(0, 0x3c, 0, 0xfc)],
  ['bfloat16', [1], 'int32_data', [0x3f80], le(0x80, 0x3f)],
  ['float8e4m3fn', [2], 'int32_data', [0x7e, 0x81], le(0x7e, 0x81)],
  ['float8e4m3fnuz', [1], 'int32_data', [0x80], le(0x80)],
  ['float8e5m2', [1], 'int32_data', [0x7c], le(0x7c)],
  ['float8e5m2fnuz', [1], 'int32_data', [0x80], le(0x80)],
  ['float8e8m0', [1], 'int32_data', [127], le(127)],
  ['int4', [3], 'int32_data', [0x2f, 0x08], le(0x2f, 0x08)],
  ['uint4', [2], 'int32_data', [0xf1], le(0xf1)],
  ['float4e2m1', [4], 'int32_data', [0x21, 0x43], le(0x21, 0x43)],
  ['int2', [5], 'int32_data', [0xe4, 0x01], le(0xe4, 0x01)],
  ['uint2', [4], 'int32_data', [0x1b], le(0x1b)],
];

test('the encodings below are of all element types but string', () => {
  expect(new Set([...encodings.map(([d]) => d), 'string'])).toEqual(new Set(Object.keys(dtypes)));
});

describe.each(encodings)('%s%j', (dtype, dims, field, entries, bytes) => {
  const data_type = dtypes[dtype].onnx;

  test.each(['TensorProto', 'UnpackedTensor'])(`${field} of a %s`, (as) => {
    const tensor = read({ dims, data_type, [field]: entries }, { as });
    expect([tensor.dtype, tensor.dims]).toEqual([dtype, dims]);
    expect([...tensor.bytes()]).toEqual(bytes);
  });

  test('raw_data', () => {
    expect([...read({ dims, data_type, raw_data: Uint8Array.from(bytes) }).bytes()]).toEqual(bytes);
  });

  test('one entry too few or too many, in either form, is a problem', () => {
    const more = { dims, data_type, [field]: [...entries, entries[0]] };
    const less = { dims, data_type, [field]: entries.slice(1) };
    expect(problemOf(more)).toMatch(new RegExp(`has ${entries.length + 1} entries.*needs ${entries.length}`));
    expect(problemOf(less)).toMatch(new RegExp(`needs ${entries.length}`));
    expect(problemOf({ dims, data_type, raw_data: Uint8Array.from([...bytes, 0]) })).toMatch(
      `has ${bytes.length + 1} bytes`,
    );
  });
});

test('typed data from a disk-like source is the same', () => {
  const bytes = modelOf(
    encodeProto('UnpackedTensor', { name: 't', dims: [3], data_type: 7, int64_data: [1, '-5', 3] }),
  );
  const { size, read: readAt } = bufferSource(bytes);
  const source = { size, read: (offset: number, length: number) => readAt(offset, length).slice() };
  expect(readOnnx(source).graph.initializers.get('t')!.toNumbers()).toEqual([1, -5, 3]);
});

test('strings, empty ones and any bytes among them', () => {
  const string_data = [Uint8Array.of(0xff, 0), new Uint8Array(0), new TextEncoder().encode('ä')];
  const tensor = read({ dims: [3], data_type: 8, string_data });
  expect(tensor.strings().map((s) => [...s])).toEqual([[255, 0], [], [0xc3, 0xa4]]);
  expect(problemOf({ dims: [2], data_type: 8, string_data })).toMatch('has 3 entries');
  expect(problemOf({ dims: [1], data_type: 8, raw_data: Uint8Array.of(65) })).toMatch('cannot be told apart');
});

test('scalars and empty tensors need no dims and no data', () => {
  expect(read({ data_type: 1, float_data: [2] }).toNumbers()).toEqual([2]);
  expect(read({ dims: [0, 3], data_type: 1 }).toNumbers()).toEqual([]);
  expect(read({ dims: [3, 0], data_type: 7, raw_data: new Uint8Array(0) }).toNumbers()).toEqual([]);
});

test.each<[string, Proto, RegExp]>([
  ['a negative dim', { dims: [-1], data_type: 1 }, /dimension 0 is negative or beyond/],
  ['a dim beyond 2^53', { dims: ['9007199254740993'], data_type: 1 }, /beyond 2\^53/],
  ['a product beyond 2^53', { dims: [2 ** 40, 2 ** 40], data_type: 1 }, /more than 2\^53 elements/],
  ['no element type', { dims: [1], float_data: [1] }, /states no element type/],
  ['an unknown element type', { dims: [1], data_type: 99 }, /element type 99 is not known/],
  ['no data', { dims: [2], data_type: 1 }, /has no data, where float32\[2\] needs 2/],
  [
    'two kinds of data',
    { dims: [1], data_type: 1, float_data: [1], raw_data: new Uint8Array(4) },
    /only one/,
  ],
  [
    'the wrong field',
    { dims: [1], data_type: 1, int32_data: [1] },
    /stored in int32_data, not in float_data/,
  ],
  ['segments', { dims: [1], data_type: 1, float_data: [1], segment: { begin: 0, end: 1 } }, /segments/],
  ['a thousand dims', { dims: Array(1100).fill(1), data_type: 1, float_data: [1] }, /over 1024 dimensions/],
])('%s is a problem', (_, record, what) => {
  expect(problemOf(record)).toMatch(what);
});

describe('external data', () => {
  const external = (entries: Record<string, string>): Proto => ({
    dims: [2],
    data_type: 1,
    data_location: 1,
    external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
  const file = bufferSource(new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer));
  const asked: string[] = [];
  const externalData = (location: string) => {
    asked.push(location);
    return file;
  };

  test('is read from the file the resolver gives, at its offset', () => {
    const where = external({ location: 'sub/weights.bin', offset: '4', length: '8' });
    expect(read(where, { externalData }).toNumbers()).toEqual([1, 2]);
    expect(read(external({ location: 'w' }), { externalData }).toNumbers()).toEqual([9, 1]);
    expect(asked).toEqual(['sub/weights.bin', 'w']);
  });

  test('without a resolver only looking at the tensor, or writing an edited model, fails', () => {
    const tensor = read(external({ location: 'w.bin' }));
    expect([tensor.dtype, tensor.dims]).toEqual(['float32', [2]]);
    expect(() => tensor.bytes()).toThrow(/tensor 't'.*'w.bin'.*readOnnxFile/);
    const bytes = modelOf(encodeProto('TensorProto', { name: 't', ...external({ location: 'w.bin' }) }));
    const { source: _, ...model } = readOnnx(bytes);
    expect(() => writeOnnx(model)).toThrow(OctavoError);
    expect([...writeOnnx(readOnnx(bytes))]).toEqual([...bytes]);
  });

  test('an edited model has the data inside', () => {
    const bytes = modelOf(
      encodeProto('TensorProto', { name: 't', ...external({ location: 'w', offset: '4' }) }),
    );
    const { source: _, ...model } = readOnnx(bytes, { externalData });
    expect(readOnnx(writeOnnx(model)).graph.initializers.get('t')!.toNumbers()).toEqual([1, 2]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['no location', { offset: '0' }, /location '' is missing/],
    ['an absolute location', { location: '/etc/passwd' }, /is absolute/],
    ['a drive', { location: 'C:\\w.bin' }, /is absolute/],
    ['a way out', { location: 'a/../../w' }, /leaves the folder/],
    ['a way out on Windows', { location: '..\\w' }, /leaves the folder/],
    ['an end beyond the file', { location: 'w', offset: '12' }, /bytes 12 to 20 of 'w', which has 16/],
    ['a length that does not fit', { location: 'w', length: '4' }, /has 4 bytes, where float32\[2\] needs 8/],
    ['a negative offset', { location: 'w', offset: '-4' }, /not a number of bytes/],
    ['a huge offset', { location: 'w', offset: '99999999999999999999' }, /not a number of bytes/],
  ])('%s is a problem', (_, entries, what) => {
    expect(problemOf(external(entries), { externalData })).toMatch(what);
  });

  test('what the resolver throws becomes an IO error that names the location', () => {
    const read1 = () =>
      read(external({ location: 'gone.bin' }), {
        externalData: () => {
          throw new Error('404');
        },
      });
    expect(read1).toThrow(/gone.bin: the external data of the model cannot be opened/);
  });
});
