/**
 * NumPy's .npy, versions 1 to 3, of plain numbers. The header is read strictly (it is Python source, never
 * evaluated), sizes are checked against the bytes there are before anything is made, and elements are read
 * one sample at a time.
 */
import type { ByteRange, ByteSource } from '../base/bytes.ts';
import { bufferSource } from '../base/bytes.ts';
import { FormatError, OctavoError, UnsupportedError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { NumericDType } from '../ir/index.ts';
import { storageBytes, Tensor } from '../ir/index.ts';
import { parseNpyHeader } from './npy-header.ts';

/** The most that arrays may take in memory where they cannot be read sample by sample: 4 GiB. */
export const defaultBudgetBytes = 4 * 2 ** 30;

/** An array in a file: its type, and where its elements lie. Nothing is read until asked for. */
export interface NpyArray {
  /** File, or file and entry, for messages. */
  readonly name: string;
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly bigEndian: boolean;
  /** Elements stored with the first axis running fastest. */
  readonly fortranOrder: boolean;
  readonly data: ByteRange;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const remedy = 'Save it again with numpy.save';
/** Descriptions of plain arrays are some 80 bytes; only structured types come near this. */
const longestHeader = 1 << 16;

/**
 * The array that starts at byte 0 of `source` and fills it. Throws FormatError on broken or truncated bytes,
 * UnsupportedError on types that are not plain numbers.
 */
export function readNpy(source: ByteSource, name: string): NpyArray {
  const fail = (offsetBytes: number, what: string): FormatError =>
    new FormatError(name, [{ offsetBytes, path: '', what }], remedy);
  if (source.size < 10) throw fail(0, `${source.size} bytes are too few for a .npy file`);
  const start = source.read(0, Math.min(12, source.size));
  if (magic.some((byte, i) => start[i] !== byte)) throw fail(0, 'this is not a .npy file');
  const version = start[6]!;
  if (version < 1 || version > 3) throw fail(6, `.npy version ${version}.${start[7]} is not known`);
  const lengthBytes = version === 1 ? 2 : 4;
  const headerAt = 8 + lengthBytes;
  if (source.size < headerAt) throw fail(8, 'the file ends inside its header');
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) throw fail(8, `a header of ${length} bytes is too long`);
  if (headerAt + length > source.size) throw fail(8, `the header of ${length} bytes leaves the file`);
  const header = parseNpyHeader(source.read(headerAt, length), name, headerAt);
  const dataAt = headerAt + length;
  const { dtype, dims } = header;
  const need = storageBytes(dtype, elementCount(dims));
  const have = source.size - dataAt;
  if (!Number.isSafeInteger(need) || need !== have)
    throw fail(
      dataAt,
      `an array of ${dtype} [${dims.join(', ')}] takes ${need} bytes, the file has ${have} for it`,
    );
  return { name, ...header, data: { source, offset: dataAt, length: have } };
}

/** Samples along the first axis. Throws UnsupportedError on an array without axes. */
export function sampleCount(array: NpyArray): number {
  const [count] = array.dims;
  if (count !== undefined) return count;
  throw new UnsupportedError({
    where: array.name,
    what: 'it is a single number, not an array of samples',
    remedy: 'Save an array whose first axis is the sample',
  });
}

/** Sample `index` of a C-order array, with dims [1, ...]; little-endian. */
export function sampleOf(array: NpyArray, index: number): Tensor {
  const count = sampleCount(array);
  if (array.fortranOrder) throw new Error(`'${array.name}' is not in C order`);
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new RangeError(`sample ${index} of ${count} in '${array.name}'`);
  const dims = [1, ...array.dims.slice(1)];
  const bytes = storageBytes(array.dtype, elementCount(dims));
  const { source, offset } = array.data;
  const read = (): Uint8Array => source.read(offset + index * bytes, bytes);
  if (!array.bigEndian) return Tensor.lazy(array.dtype, dims, read);
  const width = storageBytes(array.dtype, 1);
  return Tensor.lazy(array.dtype, dims, () => swapped(read(), width));
}

/** The whole array, little-endian and in C order. */
export function wholeOf(array: NpyArray): Tensor {
  const c = inCOrder(array);
  const width = storageBytes(c.dtype, 1);
  const { source, offset, length } = c.data;
  return Tensor.lazy(c.dtype, c.dims, () => {
    const bytes = source.read(offset, length);
    return c.bigEndian ? swapped(bytes, width) : bytes;
  });
}

/**
 * The same array with the last axis running fastest. A Fortran-order one is read and copied whole, as its
 * samples lie scattered over the file. Throws DATA when it is larger than `budgetBytes`.
 */
export function inCOrder(array: NpyArray, budgetBytes: number = defaultBudgetBytes): NpyArray {
  if (!array.fortranOrder) return array;
  const { dims, data } = array;
  if (dims.length < 2) return { ...array, fortranOrder: false };
  if (data.length > budgetBytes)
    throw new OctavoError({
      code: 'DATA',
      where: array.name,
      what: `in Fortran order its ${data.length} bytes have to be in memory at once, over the budget of ${budgetBytes}`,
      remedy: 'Save numpy.ascontiguousarray(array)',
    });
  const width = storageBytes(array.dtype, 1);
  const from = data.source.read(data.offset, data.length);
  const out = new Uint8Array(data.length);
  const steps = dims.map((_, axis) => elementCount(dims.slice(0, axis)) * width);
  const place = dims.map(() => 0);
  for (let to = 0, at = 0; to < out.length; to += width) {
    for (let b = 0; b < width; b++) out[to + b] = from[at + b]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      place[axis]! += 1;
      if (place[axis]! < dims[axis]!) break;
      at -= steps[axis]! * dims[axis]!;
      place[axis] = 0;
    }
  }
  return {
    ...array,
    fortranOrder: false,
    data: { source: bufferSource(out), offset: 0, length: out.length },
  };
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width)
    for (let b = 0; b < width; b++) out[at + b] = bytes[at + width - 1 - b]!;
  return out;
}
