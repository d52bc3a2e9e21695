/** Exact values of element-by-element operators. One rounding an operation, integers wrap. */
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { staticDims } from '../../ir/index.ts';
import { broadcastIndex, broadcastShapes } from '../broadcast.ts';
import type { EvaluateContext } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { joinElements, moveElements } from '../move.ts';
import { logicalOperators, operatorOf } from './operators.ts';

export function commonDims(node: Node, tensors: readonly Tensor[]): readonly number[] {
  const dims = staticDims(
    broadcastShapes(
      node,
      tensors.map((t) => t.dims),
    ),
  )!;
  boundedCount(node, dims);
  return dims;
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Position in `tensor` of each element of `dims`. */
export function placesOf(tensor: Tensor, dims: readonly number[]): (i: number) => number {
  if (sameDims(tensor.dims, dims)) return (i) => i;
  if (tensor.size === 1) return () => 0;
  const places = broadcastIndex(tensor.dims, dims);
  return (i) => places[i]!;
}

/** Two or more inputs, combined from the left. */
export function evaluateBinary(context: EvaluateContext): readonly Tensor[] {
  const { node } = context;
  let result = inputAt(context, 0);
  // The dims of all are checked at once; then pair by pair, each rounded.
  commonDims(
    node,
    context.inputs.map((_, i) => inputAt(context, i)),
  );
  for (let i = 1; i < context.inputs.length; i++) result = combine(node, result, inputAt(context, i));
  return [result];
}

export function combine(node: Node, a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== b.dtype) throw cannotEvaluate(node, `${a.dtype} and ${b.dtype} do not combine`);
  const dims = commonDims(node, [a, b]);
  const [left, right] = [placesOf(a, dims), placesOf(b, dims)];
  const makes: DType = logicalOperators.has(node.op) ? 'bool' : a.dtype;
  const { number, big } = operatorOf(node, a.dtype);
  if (isWide(a.dtype)) {
    const [x, y] = [bigsOf(a), bigsOf(b)];
    const at = (i: number): bigint => big(x[left(i)]!, y[right(i)]!);
    return isWide(makes)
      ? makeBigs(node, makes, dims, at)
      : makeNumbers(node, makes, dims, (i) => Number(at(i)));
  }
  const [x, y] = [numbersOf(a), numbersOf(b)];
  return makeNumbers(node, makes, dims, (i) => number(x[left(i)]!, y[right(i)]!));
}

/** Of one or two inputs: with more, the order of the additions decides the bits. The sum is rounded, then its half. */
export function evaluateMean(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const first = inputAt(context, 0);
  if (inputs.length > 2 || first.dtype !== 'float32')
    throw cannotEvaluate(node, 'only the mean of one or two float32 tensors is exact');
  if (inputs.length === 1) return [first];
  const second = inputAt(context, 1);
  const dims = commonDims(node, [first, second]);
  const [left, right] = [placesOf(first, dims), placesOf(second, dims)];
  const [x, y] = [numbersOf(first), numbersOf(second)];
  return [makeNumbers(node, first.dtype, dims, (i) => Math.fround(x[left(i)]! + y[right(i)]!) / 2)];
}

/** Exponents 0, 1 and 2 of floats, where every engine agrees; any non-negative one of integers. */
export function evaluatePow(context: EvaluateContext): readonly Tensor[] {
  const { node } = context;
  const base = inputAt(context, 0);
  const exponent = inputAt(context, 1);
  const dims = commonDims(node, [base, exponent]);
  const [left, right] = [placesOf(base, dims), placesOf(exponent, dims)];
  const powers = exponent.toNumbers();
  const most = isFloat(base.dtype) ? 2 : 64;
  if (powers.some((p) => !Number.isInteger(p) || p < 0 || p > most))
    throw cannotEvaluate(node, 'only small whole exponents have one exact answer');
  if (isWide(base.dtype)) {
    const data = bigsOf(base);
    return [makeBigs(node, base.dtype, dims, (i) => data[left(i)]! ** BigInt(powers[right(i)]!))];
  }
  const data = numbersOf(base);
  if (isFloat(base.dtype))
    return [makeNumbers(node, base.dtype, dims, (i) => powerOf(data[left(i)]!, powers[right(i)]!))];
  const modulo = (x: number, p: number): number => Number(BigInt.asIntN(32, BigInt(x) ** BigInt(p)));
  return [makeNumbers(node, base.dtype, dims, (i) => modulo(data[left(i)]!, powers[right(i)]!))];
}

function powerOf(x: number, exponent: number): number {
  return exponent === 0 ? 1 : exponent === 1 ? x : x * x;
}

export function evaluateWhere(context: EvaluateContext): readonly Tensor[] {
  const { node } = context;
  const [condition, yes, no] = [inputAt(context, 0), inputAt(context, 1), inputAt(context, 2)];
  if (yes.dtype !== no.dtype) throw cannotEvaluate(node, `${yes.dtype} and ${no.dtype} do not combine`);
  const dims = commonDims(node, [condition, yes, no]);
  const places = [condition, yes, no].map((t) => placesOf(t, dims));
  const chosen = numbersOf(condition);
  const count = boundedCount(node, dims);
  // Both sides laid end to end, so that one move picks from either.
  const both = joinElements(node, [yes, no], [yes.size + no.size], { outer: 1, inner: [yes.size, no.size] });
  const from = new Int32Array(count);
  for (let i = 0; i < count; i++)
    from[i] = chosen[places[0]!(i)] !== 0 ? places[1]!(i) : yes.size + places[2]!(i);
  return [moveElements(node, both, dims, from)];
}
