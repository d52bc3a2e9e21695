// Caches in the forms that TensorRT, ncnn and onnxruntime write: read, written, damaged.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OctavoError } from '../../base/errors.ts';
import type { CachedRange } from './index.ts';
import { readRangeCache, writeNcnnTable, writeOnnxruntimeRanges, writeTensorRtCache } from './index.ts';

/** As TensorRT 8.5 writes it: names of ONNX values, and its own for what has none. */
const tensorRt = `TRT-8510-EntropyCalibration2
x: 3c010204
/conv1/Conv_output_0: 3caa4a57
(Unnamed Layer* 8) [Constant]_output: 3b810a13
model::block: 1: 3C010A14
zero: 0
`;

/** As ncnn2table writes it: %f and a space behind every number. */
const ncnn = `conv1_param_0 156.639840 536.133057 inf \nfc:6_param_0 88.5 \nconv1 63.500000 \nfc:6 2.54e+01 \n`;

/** As onnxruntime 1.30 writes it with the MinMax calibrator, and with Entropy, which keeps the histogram. */
const onnxruntime = `{"CLS": "TensorsData", "data": {"/a/Conv_output_0": {"lowest": {"data": [-5.843038558959961], "dtype": "float32", "CLS": "numpy.array"}, "highest": {"data": [4.893636226654053], "dtype": "float32", "CLS": "numpy.array"}, "CLS": "TensorData"}, "b: c d": {"lowest": -3.390230417251587, "highest": 3.9065213203430176, "hist": {"data": [0, 1], "dtype": "int64", "CLS": "numpy.array"}, "bins": {"data": [-3.9, 0, 3.9], "dtype": "float32", "CLS": "numpy.array"}, "CLS": "TensorData"}, "__proto__": {"lowest": {"data": [0.0], "dtype": "float32", "CLS": "numpy.array"}, "highest": {"data": [6.0], "dtype": "float32", "CLS": "numpy.array"}, "CLS": "TensorData"}}, "calibration_method": {"CLS": "CalibrationMethod", "value": "CalibrationMethod.MinMax"}}`;

describe('TensorRT', () => {
  test('names divide at the last colon, digits are the float32 of amax / 127', () => {
    const { tool, of, ranges } = readRangeCache(tensorRt, 't.cache');
    expect({ tool, of }).toEqual({ tool: 'tensorrt', of: 'values' });
    expect([...ranges.keys()]).toEqual([
      'x',
      '/conv1/Conv_output_0',
      '(Unnamed Layer* 8) [Constant]_output',
      'model::block: 1',
      'zero',
    ]);
    expect(ranges.get('x')!.hi).toBeCloseTo(1, 6);
    expect(ranges.get('/conv1/Conv_output_0')!.hi).toBeCloseTo(2.64, 5);
    expect(ranges.get('(Unnamed Layer* 8) [Constant]_output')!.hi).toBeCloseTo(0.500122, 5);
    expect(ranges.get('model::block: 1')!.hi).toBeCloseTo(2048.5 / 2048, 6);
    expect(ranges.get('zero')).toEqual({ lo: 0, hi: 0 });
    expect(ranges.get('x')!.lo).toBe(-ranges.get('x')!.hi);
  });

  test('what it wrote reads and writes again to the same bytes, with any line ends', () => {
    const header = { version: '8510', algorithm: 'EntropyCalibration2' };
    const plain = tensorRt.replace('3C010A14', '3c010a14').replace('zero: 0\n', 'zero: 00000000\n');
    expect(writeTensorRtCache(readRangeCache(tensorRt, 't').ranges, header)).toBe(plain);
    expect(readRangeCache(tensorRt.replaceAll('\n', '\r\n'), 't')).toEqual(readRangeCache(tensorRt, 't'));
  });

  test.each([
    ['TRT-8510\nx: 3c010204', 'line 1', "'TRT-8510' is not 'TRT-<version>-<algorithm>'"],
    ['TRT-1-A\nx: 3c010204\nx 3c010204', 'line 3', 'is not a name'],
    ['TRT-1-A\nx: 3c01020g', 'line 2', 'is not a name'],
    ['TRT-1-A\nx: 3c0102041', 'line 2', 'is not a name'],
    ['TRT-1-A\nx: 7fc00000', 'line 2', 'stands for NaN'],
    ['TRT-1-A\nx: 7f800000', 'line 2', 'stands for Infinity'],
    ['TRT-1-A\nx: bc010204', 'line 2', 'is no scale'],
    ['TRT-1-A\nx: 1\n\nx: 1', 'line 4', "'x' is there twice"],
  ])('%j is refused at its line', (text, line, what) => {
    expect(() => readRangeCache(text, 't.cache')).toThrow(`t.cache, ${line}: `);
    expect(() => readRangeCache(text, 't.cache')).toThrow(what);
  });
});

describe('ncnn', () => {
  test('scales of inputs are 127 / threshold; those of weights are not taken', () => {
    const { tool, of, ranges } = readRangeCache(ncnn, 'n.table');
    expect({ tool, of }).toEqual({ tool: 'ncnn', of: 'layers' });
    expect([...ranges]).toEqual([
      ['conv1', { lo: -2, hi: 2 }],
      ['fc:6', { lo: -5, hi: 5 }],
    ]);
  });

  test('it is written as ncnn2table writes it', () => {
    const layers = [
      { name: 'conv1', input: { lo: 0, hi: 2 }, weightScales: [156.63984, 536.133057] },
      { name: 'fc:6', input: { lo: -5, hi: 1 }, weightScales: [88.5] },
    ];
    const text = writeNcnnTable(layers);
    expect(text).toBe(
      'conv1_param_0 156.639840 536.133057 \nfc:6_param_0 88.500000 \nconv1 63.500000 \nfc:6 25.400000 \n',
    );
    expect([...readRangeCache(text, 'n').ranges.values()].map((r) => r.hi)).toEqual([2, 5]);
    const named = (name: string) => () => writeNcnnTable([{ ...layers[0]!, name }]);
    expect(named('a b')).toThrow('ncnn ends names at a space');
    expect(named('ä'.repeat(124))).toThrow('255 bytes');
    expect(named('ä'.repeat(123))).not.toThrow();
  });

  test.each([
    ['a_param_0 1 \na_param_0 x \na 2 ', 'line 2', "'x' is no scale of a weight"],
    ['a_param_0 1 \na', 'line 2', 'is not the name of a layer'],
    ['a_param_0 1 \na 0.000000 ', 'line 2', 'is not the name of a layer'],
    ['a_param_0 1 \na -3 ', 'line 2', 'is not the name of a layer'],
    ['a_param_0 1 \na inf ', 'line 2', 'is not the name of a layer'],
    ['a_param_0 1 \na 2 \na 2 ', 'line 3', 'twice'],
  ])('%j is refused at its line', (text, line, what) => {
    expect(() => readRangeCache(text, 'n.table')).toThrow(`n.table, ${line}: `);
    expect(() => readRangeCache(text, 'n.table')).toThrow(what);
  });

  test('one layer, and that of zeros, is enough to tell', () => {
    expect(readRangeCache('a_param_0 inf \na 2 \n', 'n').tool).toBe('ncnn');
  });

  test('names with numbers alone are not taken for it: they may be thresholds', () => {
    expect(() => readRangeCache('data_0 2.008338\n/b: c 1.5\n', 'calibration.cache')).toThrow(
      'names and numbers alone',
    );
  });
});

describe('onnxruntime', () => {
  test('both ends are kept, whatever form the numbers have', () => {
    const { tool, of, ranges } = readRangeCache(onnxruntime, 'calibration.json');
    expect({ tool, of }).toEqual({ tool: 'onnxruntime', of: 'values' });
    expect([...ranges]).toEqual([
      ['/a/Conv_output_0', { lo: -5.843038558959961, hi: 4.893636226654053 }],
      ['b: c d', { lo: -3.390230417251587, hi: 3.9065213203430176 }],
      ['__proto__', { lo: 0, hi: 6 }],
    ]);
    expect([...readRangeCache('{"a": [-1, 2], "b: c": [0, 3.5]}', 'old').ranges]).toEqual([
      ['a', { lo: -1, hi: 2 }],
      ['b: c', { lo: 0, hi: 3.5 }],
    ]);
    const channels =
      '{"CLS": "TensorsData", "data": {"a": {"lowest": {"data": [[-1.0, -4.0]]}, "highest": {"data": [2.0, 3.0]}}}}';
    expect(readRangeCache(channels, 'c').ranges.get('a')).toEqual({ lo: -4, hi: 3 });
  });

  test('it is written as the MinMax calibrator does', () => {
    const text = writeOnnxruntimeRanges(readRangeCache(onnxruntime, 'o').ranges);
    expect(text.slice(0, 240)).toBe(onnxruntime.slice(0, 240));
    expect(text).toContain('"highest": {"data": [6.0], "dtype": "float32", "CLS": "numpy.array"}');
    expect(text.slice(-110)).toBe(onnxruntime.slice(-110));
    expect(readRangeCache(text, 'o')).toEqual(readRangeCache(onnxruntime, 'o'));
  });

  test.each([
    ['{"a": [3, 2]}', "tensor 'a'", '[3, 2] is no range'],
    ['{"a": ["x", 2]}', "tensor 'a'", 'is no number'],
    ['{"a": [NaN, 2]}', 'o.json', 'NaN or infinite'],
    ['{"CLS": "TensorsData", "data": {"a": {"avg": 1, "std": 2}}}', "tensor 'a'", "no 'lowest'"],
    ['{"CLS": "TensorsData", "data": {"a": {"lowest": [], "highest": 1}}}', "tensor 'a'", 'is no range'],
    ['{"a": [1]}', "tensor 'a'", "no 'lowest'"],
    ['{"samples": 8}', 'o.json', 'no list of tensors'],
    ['{"CLS": "TensorsData"}', 'o.json', 'no list of tensors'],
    ['{}', 'o.json', 'no list of tensors'],
    ['{"a": [1, 2', 'o.json', 'it is not JSON'],
  ])('%j is refused', (text, where, what) => {
    expect(() => readRangeCache(text, 'o.json')).toThrow(where);
    expect(() => readRangeCache(text, 'o.json')).toThrow(what);
  });
});

/** Of lines: breaks and (for ncnn) spaces cannot be in names. */
const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((s) => !/[\r\n]/.test(s));
const float32 = fc.float({ min: 0, max: Math.fround(1e30), noNaN: true, noDefaultInfinity: true });
const rangesOf = (name: fc.Arbitrary<string>): fc.Arbitrary<Map<string, CachedRange>> =>
  fc
    .uniqueArray(fc.tuple(name, float32, float32), { selector: ([n]) => n, maxLength: 8, minLength: 1 })
    .map((rows) => new Map(rows.map(([n, lo, hi]) => [n, { lo: -lo + 0, hi }])));

test('whatever names and ranges there are, they come back', () => {
  fc.assert(
    fc.property(rangesOf(names), (ranges) => {
      const header = { version: '8601', algorithm: 'MinMaxCalibration' };
      const cache = readRangeCache(writeTensorRtCache(ranges, header), 't').ranges;
      expect([...cache.keys()]).toEqual([...ranges.keys()]);
      for (const [name, { lo, hi }] of ranges)
        expect(cache.get(name)!.hi / 127).toBe(Math.fround(Math.max(-lo, hi) / 127));
      const json = readRangeCache(writeOnnxruntimeRanges(ranges), 'o').ranges;
      // Objects put names like '12' first.
      expect(new Map([...json].sort())).toEqual(new Map([...ranges].sort()));
    }),
  );
  const words = names.filter((s) => !/\s|_param_/.test(s));
  fc.assert(
    fc.property(rangesOf(words), (ranges) => {
      const layers = [...ranges].flatMap(([name, input]) =>
        Math.max(-input.lo, input.hi) > 1e-30 ? [{ name, input, weightScales: [1, 2.5e-9] }] : [],
      );
      fc.pre(layers.length > 0);
      const table = readRangeCache(writeNcnnTable(layers), 'n').ranges;
      for (const { name, input } of layers)
        expect(table.get(name)!.hi / Math.max(-input.lo, input.hi)).toBeCloseTo(1, 5);
    }),
  );
});

test('mangled caches end in FORMAT or in sound ranges', () => {
  for (const text of [tensorRt, ncnn, onnxruntime])
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(6), fc.string({ maxLength: 4 }), (at, cut, put) => {
        try {
          const { ranges } = readRangeCache(text.slice(0, at) + put + text.slice(at + cut), 'x');
          for (const { lo, hi } of ranges.values()) expect(lo <= hi && Number.isFinite(hi - lo)).toBe(true);
        } catch (error) {
          if (!(error instanceof OctavoError) || error.code !== 'FORMAT') throw error;
        }
      }),
      { numRuns: 300 },
    );
});
