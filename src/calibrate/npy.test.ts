// The base64 files were written by numpy 2.4 (numpy.save, numpy.savez, numpy.savez_compressed).
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bufferSource } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import { inCOrder, readNpy, sampleOf, wholeOf } from './npy.ts';
import { readNpz } from './npz.ts';

const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

const f4 = decode(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAPwAAgD8AAMA/AAAAQAAAIEA=',
);
const bigFortran = decode(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr9/wMA//8FAAEABwD+/wQAAAAGAAIACAA=',
);
const version2 = decode(
  'k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAP7/////////',
);
const compressed = decode(
  'UEsDBC0AAAAIAAAAIQBUZlbW//////////8FABQAeC5ucHkBABAAjAAAAAAAAABSAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CmaaOgq1CmQDLgZGJmYWVjZ2Dk4ubgBQSwMELQAAAAgAAAAhAIzeM+D//////////woAFABsYWJlbHMubnB5AQAQAJAAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuZgYIYITSAFBLAQItAy0AAAAIAAAAIQBUZlbWUgAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAAIQCM3jPgSgAAAJAAAAAKAAAAAAAAAAAAAACAAYkAAABsYWJlbHMubnB5UEsFBgAAAAACAAIAawAAAA8BAAAAAA==',
);
const stored = decode(
  'UEsDBC0AAAAAAAAAIQBUZlbW//////////8FABQAeC5ucHkBABAAjAAAAAAAAACMAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCA2KSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAECAwQFBgcICQoLUEsDBC0AAAAAAAAAIQCM3jPg//////////8KABQAbGFiZWxzLm5weQEAEACQAAAAAAAAAJAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoDAAAAAAAAAAEAAAAAAAAAUEsBAi0DLQAAAAAAAAAhAFRmVtaMAAAAjAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAAAAAAhAIzeM+CQAAAAkAAAAAoAAAAAAAAAAAAAAIABwwAAAGxhYmVscy5ucHlQSwUGAAAAAAIAAgBrAAAAjwEAAAAA',
);

const npy = (bytes: Uint8Array) => readNpy(bufferSource(bytes), 'a.npy');
const npz = (bytes: Uint8Array, options = {}) => readNpz(bufferSource(bytes), 'a.npz', options);

/** A version 1 file with this header text and so many bytes of zeros. */
function file(header: string, dataBytes: number): Uint8Array {
  const out = new Uint8Array(10 + header.length + dataBytes);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(new TextEncoder().encode(header), 10);
  return out;
}

const plain = (descr: string, shape = '(2,)', order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe('npy', () => {
  test('reads samples of a float array', () => {
    const array = npy(f4);
    expect([array.dtype, array.dims]).toEqual(['float32', [2, 3]]);
    expect(sampleOf(array, 1).dims).toEqual([1, 3]);
    expect(sampleOf(array, 1).toNumbers()).toEqual([1.5, 2, 2.5]);
  });

  test('reads big-endian Fortran order', () => {
    const array = inCOrder(npy(bigFortran));
    expect(wholeOf(array).toNumbers()).toEqual([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sampleOf(array, 1).toNumbers()).toEqual([3, 4, 5, 6, 7, 8]);
    expect(() => inCOrder(npy(bigFortran), 23)).toThrow('over the budget of 23');
  });

  test('reads version 2', () => {
    expect(wholeOf(npy(version2)).toNumbers()).toEqual([1, -2]);
  });

  const types: readonly (readonly [string, string, number])[] = [
    ['|b1', 'bool', 2],
    ['|i1', 'int8', 2],
    ['<i2', 'int16', 4],
    ['>i4', 'int32', 8],
    ['<i8', 'int64', 16],
    ['|u1', 'uint8', 2],
    ['>u2', 'uint16', 4],
    ['<u4', 'uint32', 8],
    ['<u8', 'uint64', 16],
    ['<f2', 'float16', 4],
    ['>f4', 'float32', 8],
    ['<f8', 'float64', 16],
  ];
  test.each(types)('%s is %s', (descr, dtype, bytes) => {
    expect(npy(file(plain(descr), bytes)).dtype).toBe(dtype);
  });

  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    [
      'objects',
      file(plain('|O'), 16),
      'a.npy: it holds pickled Python objects. Save numbers: array.astype("float32")',
    ],
    ['strings', file(plain('<U1'), 8), 'a.npy: it holds strings. Save numbers, class indices for labels'],
    [
      'complex',
      file(plain('<c8'), 16),
      'a.npy: it holds complex numbers. Save the real and imaginary parts as float32',
    ],
    [
      'records',
      file("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", 8),
      'a.npy: it holds records of several fields. Save each field as an array of its own',
    ],
    [
      'long double',
      file(plain('<f16'), 32),
      'a.npy: it holds floats of a width other than 2, 4 or 8 bytes. Save array.astype("float32")',
    ],
    [
      'wide without order',
      file(plain('|f4'), 8),
      'a.npy: it holds floats of a width other than 2, 4 or 8 bytes. Save array.astype("float32")',
    ],
    [
      'not npy',
      new Uint8Array(20),
      'a.npy at byte 0: this is not a .npy file. Save it again with numpy.save',
    ],
    [
      'empty',
      new Uint8Array(0),
      'a.npy at byte 0: 0 bytes are too few for a .npy file. Save it again with numpy.save',
    ],
    [
      'version',
      f4.with(6, 4),
      'a.npy at byte 6: .npy version 4.0 is not known. Save it again with numpy.save',
    ],
    [
      'cut off',
      f4.subarray(0, f4.length - 1),
      'a.npy at byte 128: an array of float32 [2, 3] takes 24 bytes, the file has 23 for it. Save it again with numpy.save',
    ],
    [
      'header beyond',
      f4.subarray(0, 60),
      'a.npy at byte 8: the header of 118 bytes leaves the file. Save it again with numpy.save',
    ],
    [
      'huge shape',
      file(plain('<f4', '(94906267, 94906267)'), 8),
      'a.npy at byte 10, header: shape (94906267, 94906267) is too large. Save it again with numpy.save',
    ],
    [
      'number, not tuple',
      file(plain('<f4', '(2)'), 8),
      'a.npy at byte 10, header: (2) is not a shape. Save it again with numpy.save',
    ],
    [
      'expression',
      file(plain('<f4', '(1+1,)'), 8),
      'a.npy at byte 10, header: it is not the dict that numpy writes. Save it again with numpy.save',
    ],
    [
      'extra key',
      file(plain('<f4').replace('}', "'x': True, }"), 8),
      "a.npy at byte 10, header: it must have 'descr', 'fortran_order' and 'shape', and nothing else. Save it again with numpy.save",
    ],
  ];
  test.each(bad)('%s', (_, bytes, message) => {
    expect(() => npy(bytes)).toThrow(expect.objectContaining({ message }));
  });

  test('any damage ends in an error of ours or in an array', () => {
    fc.assert(
      fc.property(fc.nat(f4.length - 1), fc.nat(255), fc.nat(f4.length), (at, byte, length) => {
        try {
          wholeOf(inCOrder(npy(f4.with(at, byte).subarray(0, length)))).toNumbers();
        } catch (error) {
          expect(error).toBeInstanceOf(OctavoError);
        }
      }),
    );
  });
});

describe('npz', () => {
  test.each([
    ['compressed', compressed],
    ['stored', stored],
  ])('reads %s arrays of numpy', (_, bytes) => {
    const archive = npz(bytes);
    expect(archive.names).toEqual(['x', 'labels']);
    expect(sampleOf(archive.open('x'), 1).toNumbers()).toEqual([6, 7, 8, 9, 10, 11]);
    expect(wholeOf(archive.open('labels')).toNumbers()).toEqual([3, 1]);
  });

  test('stored arrays are read in place', () => {
    const array = npz(stored).open('x');
    expect(sampleOf(array, 0).bytes().buffer).toBe(stored.buffer);
  });

  test('a budget holds for all deflated arrays together', () => {
    const archive = npz(compressed, { budgetBytes: 200 });
    archive.open('x');
    expect(() => archive.open('labels')).toThrow(
      "a.npz, array 'labels': it would take 284 bytes in memory, over the budget of 200. Save with numpy.savez, which does not compress, or fewer samples",
    );
    expect(npz(stored, { budgetBytes: 0 }).open('x').dims).toEqual([2, 6]);
  });

  /** The archive with a 32-bit field of its first directory entry replaced. */
  function patched(bytes: Uint8Array, field: number, value: number): Uint8Array {
    const out = bytes.slice();
    const view = new DataView(out.buffer);
    const end = out.length - 22;
    view.setUint32(view.getUint32(end + 16, true) + field, value, true);
    return out;
  }

  test('a bomb is refused before it is inflated', () => {
    expect(() => npz(patched(compressed, 24, 4_000_000_000))).toThrow(
      "entry 'x.npy' claims 4000000000 bytes out of 82",
    );
    // Within the ratio of deflate, but more than it says.
    const bomb = zipSync({ 'x.npy': [new Uint8Array(10_000_000), { level: 9 }] });
    expect(() => npz(patched(bomb, 24, 9_000_000)).open('x')).toThrow(
      'it does not inflate to the 9000000 bytes it claims',
    );
  });

  test('wrong sums, sizes, methods and places are said', () => {
    expect(() => npz(patched(compressed, 16, 1)).open('x')).toThrow('its checksum is wrong');
    expect(() => npz(patched(compressed, 24, 100)).open('x')).toThrow('it does not inflate to the 100 bytes');
    expect(() => npz(patched(stored, 24, 100))).toThrow("stored entry 'x.npy' has two sizes");
    expect(() => npz(patched(stored, 24, 0xffffffff))).toThrow('it is a zip64 archive');
    expect(() => npz(patched(stored, 42, 5)).open('x')).toThrow("entry 'x.npy' does not start here");
    expect(() => npz(patched(stored, 42, 5_000_000)).open('x')).toThrow("entry 'x.npy' leaves the file");
    expect(() => npz(new Uint8Array(50))).toThrow('this is not a zip archive, or it is cut off');
  });

  test('any damage ends in an error of ours or in arrays', () => {
    fc.assert(
      fc.property(fc.constantFrom(compressed, stored), fc.nat(), fc.nat(255), (bytes, at, byte) => {
        try {
          const archive = npz(bytes.with(at % bytes.length, byte));
          for (const name of archive.names) wholeOf(inCOrder(archive.open(name))).toNumbers();
        } catch (error) {
          expect(error).toBeInstanceOf(OctavoError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
