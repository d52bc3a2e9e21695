/** Softmax, LogSoftmax and Hardmax: e^(x - max), its sum and their quotient in doubles, rounded once. */
import { exp } from '../../base/exp.ts';
import { elementCount } from '../../base/integer.ts';
import { ln } from '../../base/log.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { Reference, ReferenceContext } from '../contract.ts';
import {
  boundedCount,
  cannotEvaluate,
  inputAt,
  isFloat,
  larger,
  makeNumbers,
  numbersOf,
} from '../elements.ts';

/** One row: elements `start`, `start + step`, ... `count` of them. */
interface Row {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

type RowFunction = (x: ArrayLike<number>, out: Float64Array, row: Row) => void;

/** From opset 13 on along one axis; before, the axis and all behind it are one. */
function rowsOf({ node, opset }: ReferenceContext, dims: readonly number[]): readonly [Row, inner: number] {
  const flattens = opset < 13;
  const axis = normalizeAxis(
    intAttr(node, 'axis', flattens ? 1 : -1),
    dims.length,
    node,
    flattens ? 'end' : 'inside',
  );
  const behind = elementCount(dims.slice(axis + 1));
  if (flattens) return [{ start: 0, step: 1, count: elementCount(dims.slice(axis)) }, 1];
  return [{ start: 0, step: behind, count: dims[axis]! }, behind];
}

/** NaN wins. */
function largestOf(x: ArrayLike<number>, { start, step, count }: Row): number {
  let max = x[start]!;
  for (let i = 1; i < count; i++) max = larger(max, x[start + i * step]!);
  return max;
}

const softmax: RowFunction = (x, out, row) => {
  const max = largestOf(x, row);
  let sum = 0;
  for (let i = 0, at = row.start; i < row.count; i++, at += row.step) {
    out[at] = exp(x[at]! - max);
    sum += out[at]!;
  }
  for (let i = 0, at = row.start; i < row.count; i++, at += row.step) out[at] = out[at]! / sum;
};

const logSoftmax: RowFunction = (x, out, row) => {
  const max = largestOf(x, row);
  let sum = 0;
  for (let i = 0, at = row.start; i < row.count; i++, at += row.step) sum += exp(x[at]! - max);
  const log = ln(sum);
  for (let i = 0, at = row.start; i < row.count; i++, at += row.step) out[at] = x[at]! - max - log;
};

/** 1 at the first of the largest. */
const hardmax: RowFunction = (x, out, { start, step, count }) => {
  let best = start;
  for (let i = 1, at = start + step; i < count; i++, at += step) if (x[at]! > x[best]!) best = at;
  out[best] = 1;
};

const functions: Readonly<Record<string, RowFunction>> = {
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Hardmax: hardmax,
};

export const referenceSoftmax: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  if (!isFloat(x.dtype)) throw cannotEvaluate(node, `${node.op} of ${x.dtype} is not defined`);
  // Of a single element, which has no axis, it is what it is of a row of one.
  const dims = x.dims.length === 0 ? [1] : x.dims;
  const out = new Float64Array(boundedCount(node, dims));
  const [row, inner] = rowsOf(context, dims);
  const data = numbersOf(x);
  const compute = functions[node.op]!;
  const groups = row.count === 0 ? 0 : out.length / row.count;
  for (let g = 0; g < groups; g++) {
    const start = Math.floor(g / inner) * inner * row.count + (g % inner);
    compute(data, out, { ...row, start });
  }
  return [makeNumbers(node, x.dtype, x.dims, (i) => out[i]!)];
};
