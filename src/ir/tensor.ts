/**
 * A tensor: dtype, dims and little-endian bytes, read when looked at. Weights of a 3 GB model cost nothing
 * until somebody asks; a typed view is made lazily and copied when the bytes are misaligned.
 */
import type { ByteRange } from '../base/bytes.ts';
import { readRange } from '../base/bytes.ts';
import { OctavoError, UnsupportedError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { DType } from './dtype.ts';
import { storageBytes } from './dtype.ts';
import { bfloat16ToNumber, float16ToNumber } from './float-formats.ts';

/** The typed array each dtype is viewed as; sub-byte and 8/16-bit float types stay raw bytes or words. */
interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
}

export type NumericDType = keyof ArrayOf;
export type TypedArray<D extends NumericDType = NumericDType> = ArrayOf[D];

const arrayTypes: {
  [D in NumericDType]: new (
    buffer: ArrayBufferLike,
    at: number,
    n: number,
  ) => ArrayOf[D];
} = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

export class Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Where a file format keeps this tensor's own record, so that it can be written back verbatim. Opaque here. */
  readonly source: ByteRange | undefined;
  readonly #load: () => Uint8Array;
  readonly #strings: readonly Uint8Array[] | undefined;

  private constructor(
    dtype: DType,
    dims: readonly number[],
    load: () => Uint8Array,
    options: { source?: ByteRange | undefined; strings?: readonly Uint8Array[] | undefined } = {},
  ) {
    this.dtype = dtype;
    this.dims = dims;
    this.#load = load;
    this.source = options.source;
    this.#strings = options.strings;
  }

  /** From a typed array of the dtype's own kind; the array is kept, not copied. Throws RangeError on a wrong length. */
  static of<D extends NumericDType>(dtype: D, dims: readonly number[], data: ArrayOf[D]): Tensor {
    if (data.length !== elementCount(dims))
      throw new RangeError(`${data.length} elements do not fill [${dims.join(',')}]`);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return new Tensor(dtype, dims, () => bytes);
  }

  /** From plain numbers (or bigints for 64-bit types), converted as the typed array does. */
  static from(dtype: NumericDType, dims: readonly number[], values: readonly (number | bigint)[]): Tensor {
    if (dtype === 'int64')
      return Tensor.of('int64', dims, BigInt64Array.from(values as (number | bigint)[], BigInt));
    if (dtype === 'uint64')
      return Tensor.of('uint64', dims, BigUint64Array.from(values as (number | bigint)[], BigInt));
    const array = new (arrayTypes[dtype] as unknown as new (n: number) => TypedArray)(values.length);
    for (let i = 0; i < values.length; i++) (array as Float64Array)[i] = Number(values[i]);
    return Tensor.of(dtype, dims, array as never);
  }

  /** From bytes fetched on demand; `load` must return exactly the storage bytes of the dims. */
  static lazy(dtype: DType, dims: readonly number[], load: () => Uint8Array, source?: ByteRange): Tensor {
    return new Tensor(dtype, dims, load, { source });
  }

  static ofRange(dtype: DType, dims: readonly number[], range: ByteRange, source?: ByteRange): Tensor {
    return new Tensor(dtype, dims, () => readRange(range), { source });
  }

  static ofStrings(dims: readonly number[], strings: readonly Uint8Array[], source?: ByteRange): Tensor {
    return new Tensor('string', dims, () => new Uint8Array(0), { source, strings });
  }

  get size(): number {
    return elementCount(this.dims);
  }

  /** Storage bytes by dtype and dims, without reading anything. */
  get byteLength(): number {
    return storageBytes(this.dtype, this.size);
  }

  /** The little-endian storage bytes. A view where possible: never write to it. */
  bytes(): Uint8Array {
    return this.#load();
  }

  /** UTF-8 bytes of each element of a string tensor. */
  strings(): readonly Uint8Array[] {
    if (this.#strings === undefined) throw new TypeError(`a ${this.dtype} tensor has no strings`);
    return this.#strings;
  }

  /** Typed view; `expected` names the dtype the caller wants and throws when the tensor has another. */
  data<D extends NumericDType>(expected: D): ArrayOf[D] {
    if (this.dtype !== expected)
      throw new OctavoError({
        code: 'INVALID_GRAPH',
        where: `tensor [${this.dims.join(',')}]`,
        what: `expected ${expected}, found ${this.dtype}`,
        remedy: 'Check the model with onnx.checker',
      });
    const make = arrayTypes[expected];
    let bytes = this.bytes();
    const width = storageBytes(expected, 1);
    // Not slice(): a Node Buffer's is a view at the same odd place.
    if (bytes.byteOffset % width !== 0) bytes = new Uint8Array(bytes);
    return new make(bytes.buffer, bytes.byteOffset, bytes.byteLength / width);
  }

  /** Values as float32: exact for float16 and bfloat16, rounded for float64; integers up to 2^24 exact. Throws UnsupportedError for others. */
  toFloat32(): Float32Array {
    switch (this.dtype) {
      case 'float32':
        return this.data('float32');
      case 'float16':
        return Float32Array.from(this.data('float16'), float16ToNumber);
      case 'bfloat16':
        return Float32Array.from(this.data('bfloat16'), bfloat16ToNumber);
      default:
        return Float32Array.from(this.toNumbers());
    }
  }

  /** Values as doubles; 64-bit integers beyond 2^53 are rounded. Throws UnsupportedError for types with no number form here. */
  toNumbers(): number[] {
    switch (this.dtype) {
      case 'float32':
      case 'float64':
      case 'int8':
      case 'uint8':
      case 'bool':
      case 'int16':
      case 'uint16':
      case 'int32':
      case 'uint32':
        return Array.from(this.data(this.dtype) as Float64Array);
      case 'int64':
      case 'uint64':
        return Array.from(this.data(this.dtype) as BigInt64Array, Number);
      case 'float16':
        return Array.from(this.data('float16'), float16ToNumber);
      case 'bfloat16':
        return Array.from(this.data('bfloat16'), bfloat16ToNumber);
      case 'int4':
        return unpackNibbles(this.bytes(), this.size).map((v) => (v > 7 ? v - 16 : v));
      case 'uint4':
        return unpackNibbles(this.bytes(), this.size);
      default:
        throw new UnsupportedError({
          where: `tensor [${this.dims.join(',')}]`,
          what: `values of type ${this.dtype} are not read as numbers`,
          remedy: 'Convert the tensor to float32 in the exporting tool',
        });
    }
  }

  /** The same elements under other dims. Throws RangeError when the count differs. */
  reshaped(dims: readonly number[]): Tensor {
    if (elementCount(dims) !== this.size)
      throw new RangeError(`[${this.dims.join(',')}] cannot become [${dims.join(',')}]`);
    return new Tensor(this.dtype, dims, this.#load, { strings: this.#strings });
  }
}

function unpackNibbles(bytes: Uint8Array, count: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < count; i++) out.push(i % 2 === 0 ? bytes[i >> 1]! & 15 : bytes[i >> 1]! >> 4);
  return out;
}

export function isNumericDType(dtype: DType): dtype is NumericDType {
  return dtype in arrayTypes;
}
