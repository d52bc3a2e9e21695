/** What `evaluate` leaves to engines: powers, means and slopes in Octavo's own arithmetic, and strings that are equal. */
import { pow } from '../../base/pow.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { combine, commonDims, evaluateBinary, placesOf } from './evaluate.ts';

/** The sum from the left and its quotient, each rounded to the dtype. */
export const referenceMean: Reference = (context) => {
  const { node } = context;
  const tensors = context.inputs.map((_, i) => inputAt(context, i));
  if (!tensors.every((t) => isFloat(t.dtype))) throw cannotEvaluate(node, 'Mean is defined for floats');
  commonDims(node, tensors);
  const sum = tensors.reduce((a, b) => combine({ ...node, op: 'Sum' }, a, b));
  const data = numbersOf(sum);
  return [makeNumbers(node, sum.dtype, sum.dims, (i) => data[i]! / tensors.length)];
};

/** x, or slope x below 0. The slope broadcasts to x, not x to it; before opset 7 a list of slopes is one of channels. */
export const referencePRelu: Reference = (context) => {
  const { node, opset } = context;
  const x = inputAt(context, 0);
  const given = inputAt(context, 1);
  const ofChannels = opset < 7 && given.dims.length === 1 && given.size > 1;
  const slope = ofChannels ? given.reshaped([given.size, ...x.dims.slice(2).map(() => 1)]) : given;
  if (x.dtype !== slope.dtype)
    throw cannotEvaluate(node, `${x.dtype} with slopes of ${slope.dtype} is not defined`);
  if (commonDims(node, [x, slope]).join() !== x.dims.join())
    throw cannotEvaluate(node, `slopes [${slope.dims.join(',')}] do not fit into [${x.dims.join(',')}]`);
  const at = placesOf(slope, x.dims);
  if (isWide(x.dtype)) {
    const [data, slopes] = [bigsOf(x), bigsOf(slope)];
    return [makeBigs(node, x.dtype, x.dims, (i) => (data[i]! < 0n ? slopes[at(i)]! * data[i]! : data[i]!))];
  }
  const [data, slopes] = [numbersOf(x), numbersOf(slope)];
  const times = isFloat(x.dtype) ? (a: number, b: number) => a * b : Math.imul;
  return [
    makeNumbers(node, x.dtype, x.dims, (i) => (data[i]! < 0 ? times(slopes[at(i)]!, data[i]!) : data[i]!)),
  ];
};

/**
 * The result has the base's dtype. Floats: `pow` of src/base rounded once, x x for 2. Whole exponents of integers are
 * multiplied out and wrap; below 0 they leave what is cut to 0, 1 or -1. Other exponents of integers are cut, too.
 */
export const referencePow: Reference = (context) => {
  const { node } = context;
  const [base, exponent] = [inputAt(context, 0), inputAt(context, 1)];
  const dims = commonDims(node, [base, exponent]);
  const [left, right] = [placesOf(base, dims), placesOf(exponent, dims)];
  if (isFloat(base.dtype)) {
    const [x, y] = [numbersOf(base), isWide(exponent.dtype) ? exponent.toNumbers() : numbersOf(exponent)];
    return [makeNumbers(node, base.dtype, dims, (i) => realPower(x[left(i)]!, y[right(i)]!))];
  }
  const power = isFloat(exponent.dtype) ? cutPowers(node, base, exponent) : wholePowers(node, base, exponent);
  const at = (i: number): bigint => power(left(i), right(i));
  if (isWide(base.dtype)) return [makeBigs(node, base.dtype, dims, at)];
  return [makeNumbers(node, base.dtype, dims, (i) => Number(BigInt.asIntN(32, at(i))))];
};

function realPower(x: number, y: number): number {
  return y === 2 ? x * x : pow(x, y);
}

type PowerAt = (base: number, exponent: number) => bigint;

const wholes = (tensor: Tensor): ArrayLike<bigint> =>
  isWide(tensor.dtype) ? bigsOf(tensor) : tensor.toNumbers().map(BigInt);

function wholePowers(node: Node, base: Tensor, exponent: Tensor): PowerAt {
  const [x, y] = [wholes(base), wholes(exponent)];
  return (i, k) => (y[k]! < 0n ? fraction(node, x[i]!, y[k]!) : multipliedOut(x[i]!, y[k]!));
}

/** By squaring, in 64 bits: exponents may be as large as they like. */
function multipliedOut(base: bigint, exponent: bigint): bigint {
  let [result, square, left] = [1n, base, exponent];
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

function fraction(node: Node, base: bigint, exponent: bigint): bigint {
  if (base === 0n) throw cannotEvaluate(node, 'an integer is divided by zero');
  if (base === 1n) return 1n;
  return base === -1n ? ((exponent & 1n) === 0n ? 1n : -1n) : 0n;
}

function cutPowers(node: Node, base: Tensor, exponent: Tensor): PowerAt {
  const [x, y] = [base.toNumbers(), numbersOf(exponent)];
  return (i, k) => {
    const value = Math.trunc(realPower(x[i]!, y[k]!));
    if (!(Math.abs(value) <= 2 ** 63)) throw cannotEvaluate(node, `${x[i]} to the ${y[k]} is no integer`);
    return BigInt(value);
  };
}

/** Strings are compared byte by byte. */
export const referenceEqual: Reference = (context) => {
  const [a, b] = [inputAt(context, 0), inputAt(context, 1)];
  if (a.dtype !== 'string' || b.dtype !== 'string') return evaluateBinary(context);
  const dims = commonDims(context.node, [a, b]);
  const [left, right] = [placesOf(a, dims), placesOf(b, dims)];
  const [x, y] = [a.strings(), b.strings()];
  const same = (p: Uint8Array, q: Uint8Array): boolean =>
    p.length === q.length && p.every((byte, i) => byte === q[i]);
  return [makeNumbers(context.node, 'bool', dims, (i) => (same(x[left(i)]!, y[right(i)]!) ? 1 : 0))];
};
