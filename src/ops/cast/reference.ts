/**
 * Cast where `evaluate` refuses: floats that an integer type does not hold, 64-bit integers to floats rounded once, floats of
 * 8 and 4 bits, packed integers. Strings and complex numbers are refused.
 */
import type { DType, Node, Tensor as TensorType } from '../../ir/index.ts';
import { dtypes, intAttr, isNumericDType, storageBytes, stringAttr, Tensor } from '../../ir/index.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import type { RoundMode } from './small-floats.ts';
import { encoderOf, smallFloatsOf } from './small-floats.ts';

const wholeTypes = new Set<DType>([
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'int4',
  'uint4',
  'uint32',
  'bool',
]);

/**
 * Floats to integers are cut; beyond int32 (uint32, int64, uint64 for those) they saturate, NaN is 0, and narrower types keep
 * the low bits: what ONNX leaves open, as WebAssembly's and Arm's conversions settle it.
 */
export function referenceCast(node: Node, x: TensorType, to: DType): TensorType {
  if (x.dtype === to) return x;
  for (const dtype of [x.dtype, to])
    if (dtype === 'string' || dtype.startsWith('complex') || dtype.endsWith('int2'))
      throw cannotEvaluate(node, `a cast between ${dtype} and other types is not computed`);
  const encode = encoderOf(to, {
    saturate: intAttr(node, 'saturate', 1) !== 0,
    roundMode: roundModeOf(node),
  });
  if (isWide(x.dtype)) {
    const data = bigsOf(x);
    if (isWide(to)) return makeBigs(node, to, x.dims, (i) => data[i]!);
    if (to === 'bool') return makeNumbers(node, to, x.dims, (i) => (data[i] === 0n ? 0 : 1));
    if (wholeTypes.has(to)) return store(node, to, x.dims, (i) => Number(BigInt.asIntN(32, data[i]!)));
    if (to === 'float64') return makeNumbers(node, to, x.dims, (i) => Number(data[i]!));
    return store(node, to, x.dims, (i) => roundedToOdd(data[i]!), encode);
  }
  const small = smallFloatsOf(x);
  const data = small ?? numbersOf(x);
  const real = small !== undefined || isFloat(x.dtype);
  if (to === 'bool') return makeNumbers(node, to, x.dims, (i) => (data[i] === 0 ? 0 : 1));
  if (isWide(to)) {
    const whole = real ? cutTo(to) : (v: number) => v;
    return makeBigs(node, to, x.dims, (i) => bigWithin(to, whole(data[i]!)));
  }
  const whole = real && wholeTypes.has(to) ? cutTo(to) : (v: number) => v;
  return store(node, to, x.dims, (i) => whole(data[i]!), encode);
}

function roundModeOf(node: Node): RoundMode {
  const mode = stringAttr(node, 'round_mode', 'up');
  if (mode !== 'up' && mode !== 'down' && mode !== 'nearest')
    throw cannotEvaluate(node, `the rounding '${mode}' is not known`);
  return mode;
}

const ends: Partial<Record<DType, readonly [number, number]>> = {
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

function cutTo(dtype: DType): (x: number) => number {
  const [low, high] = ends[dtype] ?? [-(2 ** 31), 2 ** 31 - 1];
  return (x) => (Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high)));
}

/** The ends 2^63 and 2^64 are doubles, but one too many for their types. */
function bigWithin(dtype: 'int64' | 'uint64', x: number): bigint {
  if (dtype === 'int64' && x === 2 ** 63) return 2n ** 63n - 1n;
  return dtype === 'uint64' && x === 2 ** 64 ? 2n ** 64n - 1n : BigInt(x);
}

/**
 * A double that every float of fewer bits rounds to as it would the integer itself: bits that a double cannot hold are cut,
 * and where there were any the last one kept is set.
 */
function roundedToOdd(x: bigint): number {
  const size = x < 0n ? -x : x;
  const spare = BigInt(Math.max(0, size.toString(2).length - 53));
  const kept = size >> spare;
  const odd = kept << spare === size ? kept : kept | 1n;
  return Number((x < 0n ? -odd : odd) << spare);
}

/** Small floats and packed integers by their codes, everything else as its typed array stores it. */
function store(
  node: Node,
  to: DType,
  dims: readonly number[],
  at: (i: number) => number,
  encode?: (x: number) => number,
): TensorType {
  if (isNumericDType(to)) return makeNumbers(node, to, dims, at);
  const count = boundedCount(node, dims);
  const bytes = new Uint8Array(storageBytes(to, count));
  const codeOf = encode ?? ((x: number) => x & 15);
  if (dtypes[to].bits === 8) for (let i = 0; i < count; i++) bytes[i] = codeOf(at(i));
  else for (let i = 0; i < count; i++) bytes[i >> 1]! |= codeOf(at(i)) << (4 * (i & 1));
  return Tensor.lazy(to, dims, () => bytes);
}
