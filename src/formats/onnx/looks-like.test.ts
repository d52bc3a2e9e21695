// Files that are no ONNX model: the message says what they are and what to do.
import { expect, test } from 'vitest';
import { encodeProto, modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import { FormatError } from '../../base/errors.ts';
import { readOnnx } from './index.ts';

const x = valueInfo('x', 1, ['N', 2]);
const y = valueInfo('y', 1, undefined);
const identity = { op_type: 'Identity', input: ['x'], output: ['y'] };

const safetensors = new Uint8Array(8 + 80);
safetensors[0] = 80;
safetensors.set(new TextEncoder().encode('{"a":{}}'.padEnd(80)), 8);
const text = (t: string) => new TextEncoder().encode(t);
test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(0), /the file is empty/],
  ['TFLite', Uint8Array.from([0x1c, 0, 0, 0, ...text('TFL3'), 1, 2, 3]), /TensorFlow Lite.*tf2onnx/],
  ['ORT', Uint8Array.from([0x1c, 0, 0, 0, ...text('ORTM'), 1, 2, 3]), /ORT format/],
  ['zip', text('PK\x03\x04aaaaaaaaaaaa'), /zip archive.*torch\.onnx\.export/],
  ['gzip', Uint8Array.from([0x1f, 0x8b, 8, 0, 0]), /gzip/],
  ['SafeTensors', safetensors, /SafeTensors.*optimum-cli/],
  ['pickle', Uint8Array.from([0x80, 2, 0x8a, 10]), /pickle/],
  ['HDF5', Uint8Array.from([0x89, 0x48, 0x44, 0x46, 0x0d]), /HDF5/],
  ['NumPy', Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1]), /NumPy/],
  ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
  ['text', text('<!DOCTYPE html><html>'), /text file/],
])('%s is named, with what to do', (_, bytes, message) => {
  expect(() => readOnnx(bytes, { name: 'm.onnx' })).toThrow(message);
  expect(() => readOnnx(bytes, { name: 'm.onnx' })).toThrow(FormatError);
});

test('a protobuf of another kind, and a model cut short', () => {
  expect(() => readOnnx(encodeProto('OperatorSetIdProto', { version: 1 }))).toThrow(FormatError);
  const whole = modelProto({ input: [x], output: [y], node: [identity] });
  expect(() => readOnnx(whole.subarray(0, whole.length - 20))).toThrow(/the file is cut off or damaged/);
});

test('a model whose producer name reads like a TFLite mark is still a model', () => {
  const bytes = modelProto({ input: [x], output: [y], node: [identity] }, { producer_name: 'TFL3' });
  expect(new TextDecoder().decode(bytes.subarray(4, 8))).toBe('TFL3');
  expect(readOnnx(bytes).producerName).toBe('TFL3');
});
