import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ByteSource } from '../base/bytes.ts';
import { bufferSource, concatBytes } from '../base/bytes.ts';
import type { Field } from './protobuf.ts';
import { int64Of, ProtoScanner, safeIntegerOf } from './protobuf.ts';
import { fillSink, MessageEncoder, writePieces } from './protobuf-encode.ts';

interface Scan {
  readonly fields: readonly Field[];
  readonly problems: readonly (readonly [number, string])[];
}

function scan(bytes: Uint8Array, windowBytes?: number): Scan {
  const problems: [number, string][] = [];
  const scanner = new ProtoScanner(bufferSource(bytes), windowBytes);
  const span = { start: 0, end: bytes.length };
  const fields = [...scanner.fields(span, (offset, what) => problems.push([offset, what]))];
  return { fields, problems };
}

function encoded(message: MessageEncoder): Uint8Array {
  const bytes = new Uint8Array(message.length);
  writePieces(message.pieces(), fillSink(bytes));
  return bytes;
}

test('every 64-bit integer comes back exactly, whatever the window', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(30), (value, windowBytes) => {
      const { fields, problems } = scan(encoded(new MessageEncoder().integer(7, value)), windowBytes);
      expect(problems).toEqual([]);
      expect(fields.map(int64Of)).toEqual([value]);
    }),
  );
});

test('integers that a double cannot hold are undefined as numbers, the others exact', () => {
  const halves = (value: bigint) => ({
    low: Number(BigInt.asUintN(32, value)),
    high: Number(BigInt.asUintN(32, value >> 32n)),
  });
  expect(safeIntegerOf(halves(2n ** 53n - 1n))).toBe(2 ** 53 - 1);
  expect(safeIntegerOf(halves(-(2n ** 53n) + 1n))).toBe(-(2 ** 53) + 1);
  expect(safeIntegerOf(halves(2n ** 53n))).toBeUndefined();
  expect(safeIntegerOf(halves(2n ** 63n - 1n))).toBeUndefined();
});

test('what the encoder writes the scanner finds: order, wire types, payloads', () => {
  const inner = new MessageEncoder().text(1, 'ä').float(2, 0.1);
  const large = new Uint8Array(10_000).fill(9);
  const bytes = encoded(
    new MessageEncoder().integer(1, 300).message(2, inner).bytes(536870911, large).integer(3, 0),
  );
  const { fields, problems } = scan(bytes, 64);
  expect(problems).toEqual([]);
  expect(fields.map((f) => [f.number, f.wire, f.length])).toEqual([
    [1, 0, 2],
    [2, 2, 9],
    [536870911, 2, 10_000],
    [3, 0, 1],
  ]);
  const payload = fields[2]!;
  expect(bytes.subarray(payload.offset, payload.offset + payload.length)).toEqual(large);
});

test('a payload is stepped over, not read', () => {
  let bytesRead = 0;
  const head = encoded(new MessageEncoder().integer(1, 8));
  const big = 1 << 30;
  const tag = new Uint8Array([0x4a, 0x80, 0x80, 0x80, 0x80, 0x04]); // field 9, LEN, 2^30
  const tail = encoded(new MessageEncoder().integer(2, 77));
  const size = head.length + tag.length + big + tail.length;
  const source: ByteSource = {
    size,
    read(offset, length) {
      bytesRead += length;
      const out = new Uint8Array(length);
      const start = concatBytes([head, tag]);
      for (let i = 0; i < length; i++) {
        const at = offset + i;
        out[i] = start[at] ?? (at >= size - tail.length ? tail[at - (size - tail.length)]! : 0);
      }
      return out;
    },
  };
  const fields = [...new ProtoScanner(source, 1024).fields({ start: 0, end: size }, () => expect.fail())];
  expect(fields.map((f) => f.number)).toEqual([1, 9, 2]);
  expect(fields[2]!.low).toBe(77);
  expect(bytesRead).toBeLessThanOrEqual(2048);
});

test.each([
  ['a tag cut off', [0x80], 0, 'cut off'],
  ['a value cut off', [0x08, 0x80], 1, 'cut off'],
  ['a varint of eleven bytes', [0x08, ...Array(10).fill(0x80), 0x01], 1, 'more than 64 bits'],
  ['a varint of 65 bits', [0x08, ...Array(9).fill(0xff), 0x03], 1, 'more than 64 bits'],
  ['a length beyond the end', [0x08, 0x01, 0x12, 0x05, 0x00], 2, 'wants 5 bytes'],
  ['a length beyond 2^32', [0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 0, 'wants 34359738368 bytes'],
  ['a fixed32 cut off', [0x15, 0x00, 0x00], 0, 'wants 4 bytes'],
  ['a group', [0x0b, 0x0c], 0, 'wire type 3'],
  ['wire type 7', [0x0f], 0, 'wire type 7'],
  ['field number 0', [0x00, 0x00], 0, 'out of range'],
  ['a field number beyond 2^29', [0x80, 0x80, 0x80, 0x80, 0x10, 0x00], 0, 'out of range'],
])('%s is reported where it is', (_, bytes, offset, what) => {
  const { problems } = scan(Uint8Array.from(bytes));
  expect(problems).toHaveLength(1);
  expect(problems[0]![0]).toBe(offset);
  expect(problems[0]![1]).toContain(what);
});

test('lengths padded to more bytes than needed are fine, as streaming writers make them', () => {
  const { fields, problems } = scan(Uint8Array.from([0x12, 0x81, 0x80, 0x00, 0x2a]));
  expect(problems).toEqual([]);
  expect(fields[0]).toMatchObject({ number: 2, offset: 4, length: 1 });
});

test('lazy bytes of another length than promised are refused', () => {
  const message = new MessageEncoder().bytes(9, {
    length: 4,
    name: "tensor 'w'",
    load: () => new Uint8Array(3),
  });
  expect(() => encoded(message)).toThrow(/tensor 'w': gives 3 bytes where its dims and dtype need 4/);
});
