/** From what people write for a tensor (nested arrays, typed arrays, data with dims) to a tensor. Browser-safe. */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import { numberToBfloat16, numberToFloat16 } from '../ir/float-formats.ts';
import type { NumericDType, Port, TypedArray } from '../ir/index.ts';
import { dtypeOf, dtypes, isNumericDType, shapeOf, Tensor } from '../ir/index.ts';
import { integerRanges, isInteger } from './array-values.ts';
import { shapeText } from './images/index.ts';

const mostAxes = 64;

/**
 * The value as a tensor of its own type, copied, so that who made it may change it afterwards. Numbers without a type
 * take the input's; a bare typed array takes the input's shape with a batch of 1, of which one size may be open.
 * Throws DATA, naming `where`, on what is no tensor, is ragged, or holds values its type cannot.
 */
export function tensorOfValue(value: unknown, port: Port, where: string): Tensor {
  const fail = (what: string, remedy = forms): OctavoError =>
    new OctavoError({ code: 'DATA', where, what, remedy });
  if (value instanceof Tensor) return copied(value);
  if (ArrayBuffer.isView(value)) {
    const dtype = dtypeOfView(value, dtypeOf(port.type), fail);
    const array = value as TypedArray;
    return ofView(dtype, dimsFor(array.length, port, fail), array, fail);
  }
  if (
    Array.isArray(value) ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean'
  ) {
    const { flat, dims } = flatten(value, fail);
    return ofNumbers(plainType(port, fail), dims, flat, fail);
  }
  if (typeof value !== 'object' || value === null) throw fail(`${kindOf(value)} is no tensor`);
  const { data, dims: given, shape, dtype: named } = value as Readonly<Record<string, unknown>>;
  if (data === undefined) throw fail("the object has no 'data'");
  const dims = dimsOf(given ?? shape, fail);
  if (
    named !== undefined &&
    !(typeof named === 'string' && Object.hasOwn(dtypes, named) && isNumericDType(named as NumericDType))
  )
    throw fail(`'${String(named)}' is no type of number`, 'Types are float32, int64, uint8, bool and so on');
  const dtype = named as NumericDType | undefined;
  if (ArrayBuffer.isView(data))
    return ofView(dtype ?? dtypeOfView(data, dtypeOf(port.type), fail), dims, data as TypedArray, fail);
  if (!Array.isArray(data)) throw fail(`'data' is ${kindOf(data)}`);
  return ofNumbers(dtype ?? plainType(port, fail), dims, flatten(data, fail).flat, fail);
}

type Fail = (what: string, remedy?: string) => OctavoError;
const forms = 'Give nested arrays of numbers, or an object with data and dims';

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'string'
    ? 'a string'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`;
}

function copied(tensor: Tensor): Tensor {
  const bytes = tensor.bytes().slice();
  return Tensor.lazy(tensor.dtype, tensor.dims, () => bytes);
}

const viewTypes: Readonly<Record<string, readonly NumericDType[]>> = {
  Float32Array: ['float32'],
  Float64Array: ['float64'],
  Float16Array: ['float16'],
  Int8Array: ['int8'],
  Uint8Array: ['uint8', 'bool'],
  Uint8ClampedArray: ['uint8'],
  Buffer: ['uint8', 'bool'],
  Int16Array: ['int16'],
  Uint16Array: ['uint16', 'float16', 'bfloat16'],
  Int32Array: ['int32'],
  Uint32Array: ['uint32'],
  BigInt64Array: ['int64'],
  BigUint64Array: ['uint64'],
};

/** Of the types an array can hold the one the input takes, else its own. */
function dtypeOfView(view: ArrayBufferView, wanted: string | undefined, fail: Fail): NumericDType {
  const name = Object.prototype.toString.call(view).slice(8, -1);
  const types = viewTypes[name];
  if (types === undefined) throw fail(`a ${name} holds no numbers of a known type`);
  return types.find((dtype) => dtype === wanted) ?? types[0]!;
}

function ofView(dtype: NumericDType, dims: readonly number[], view: TypedArray, fail: Fail): Tensor {
  const types = viewTypes[Object.prototype.toString.call(view).slice(8, -1)];
  if (types?.includes(dtype) !== true)
    throw fail(`its data are not ${dtype}`, 'Let dtype and the kind of array agree');
  checkCount(view.length, dims, fail);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  return Tensor.lazy(dtype, dims, () => bytes);
}

function checkCount(count: number, dims: readonly number[], fail: Fail): void {
  if (elementCount(dims) !== count)
    throw fail(`${count} values do not fill ${shapeText(dims)}`, 'Give as many values as the dims say');
}

function dimsOf(value: unknown, fail: Fail): readonly number[] {
  const good = (d: unknown): boolean => Number.isSafeInteger(d) && (d as number) >= 0;
  if (!Array.isArray(value) || value.length > mostAxes || !value.every(good))
    throw fail("the object has no 'dims' that are whole numbers");
  return value as readonly number[];
}

/** The shape of the input for so many values: a batch of 1, and at most one open size, which they fix. */
function dimsFor(count: number, port: Port, fail: Fail): readonly number[] {
  const shape = shapeOf(port.type);
  if (shape === undefined) throw fail(`the shape of input '${port.name}' is unknown`);
  const dims = shape.map((d, axis) => (axis === 0 && typeof d !== 'number' ? 1 : d));
  const open = dims.filter((d) => typeof d !== 'number').length;
  const known = dims.reduce<number>((n, d) => (typeof d === 'number' ? n * d : n), 1);
  const rest = count / known;
  if (open > 1)
    throw fail(`${count} values do not say the shape of input '${port.name}', ${shapeText(shape)}`);
  if (!Number.isInteger(rest) || (open === 0 && rest !== 1))
    throw fail(`${count} values do not fill input '${port.name}', ${shapeText(dims)}`);
  return dims.map((d) => (typeof d === 'number' ? d : rest));
}

interface Flat {
  readonly flat: readonly unknown[];
  readonly dims: readonly number[];
}

function flatten(value: unknown, fail: Fail): Flat {
  const dims: number[] = [];
  for (let inner = value; Array.isArray(inner); inner = inner[0]) {
    if (dims.length === mostAxes) throw fail(`arrays are nested more than ${mostAxes} deep`);
    dims.push(inner.length);
  }
  const flat: unknown[] = [];
  const walk = (part: unknown, axis: number): void => {
    if (axis === dims.length) {
      if (Array.isArray(part)) throw fail('its arrays are nested unevenly');
      flat.push(part);
      return;
    }
    if (!Array.isArray(part) || part.length !== dims[axis]) throw fail('its arrays are nested unevenly');
    for (const each of part) walk(each, axis + 1);
  };
  walk(value, 0);
  return { flat, dims };
}

function plainType(port: Port, fail: Fail): NumericDType {
  const dtype = dtypeOf(port.type);
  if (dtype !== undefined && isNumericDType(dtype)) return dtype;
  throw fail(`input '${port.name}' takes ${dtype ?? 'no tensor'}, which numbers do not say`);
}

function ofNumbers(
  dtype: NumericDType,
  dims: readonly number[],
  flat: readonly unknown[],
  fail: Fail,
): Tensor {
  checkCount(flat.length, dims, fail);
  const range = isInteger(dtype) ? integerRanges[dtype] : undefined;
  const values = flat.map((value, at) => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number !== 'number' && typeof number !== 'bigint')
      throw fail(`entry ${at} is ${kindOf(value)}, not a number`);
    if (range === undefined) return number;
    if (typeof number === 'number' && !Number.isSafeInteger(number))
      throw fail(`entry ${at} is ${number}, no ${dtype}`);
    if (number < range[0] || number > range[1])
      throw fail(`entry ${at} is ${number}, and ${dtype} goes from ${range[0]} to ${range[1]}`);
    return number;
  });
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const bits = dtype === 'float16' ? numberToFloat16 : numberToBfloat16;
    return Tensor.of(
      dtype,
      dims,
      Uint16Array.from(values, (v) => bits(Number(v))),
    );
  }
  return Tensor.from(dtype, dims, values);
}
