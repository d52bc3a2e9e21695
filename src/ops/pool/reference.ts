/** Pools of windows and of whole planes. Sums in doubles in row-major order, rounded once; the largest is exact. */
import { elementCount } from '../../base/integer.ts';
import { pow } from '../../base/pow.ts';
import type { DType, Node } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import { boundedCount, inputAt } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { realsOf, roundReals } from '../reals.ts';
import type { PoolPlaces } from './places.ts';
import { poolPlaces } from './places.ts';

/** Sums of the elements that each output reads: of x, or of what `data` was made into. */
export function windowSums(data: Float64Array, places: PoolPlaces): Float64Array {
  const { planes, inputPlane, outputPlane } = places;
  const { list, fromStep } = places.taps;
  const sums = new Float64Array(planes * outputPlane);
  for (let p = 0; p < planes; p++)
    for (const { from, to, length } of list)
      for (let r = 0; r < from.length; r++) {
        const [x, y] = [p * inputPlane + from[r]!, p * outputPlane + to[r]!];
        for (let k = 0; k < length; k++) sums[y + k]! += data[x + k * fromStep]!;
      }
  return sums;
}

/** Padding counts in the divisor where count_include_pad says so. A window that holds nothing gives NaN. */
export const referenceAveragePool: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const places = poolPlaces(node, data);
  const sums = windowSums(realsOf(node, data), places);
  const counts = intAttr(node, 'count_include_pad', 0) !== 0 ? places.padded : places.onData;
  for (let i = 0; i < sums.length; i++) sums[i]! /= counts[i % counts.length]!;
  return [roundReals(node, data.dtype, places.dims, sums)];
};

/** (sum of |x|^p)^(1/p). */
export const referenceLpPool: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const places = poolPlaces(node, data);
  const p = powerOf(node);
  const sums = windowSums(toPower(realsOf(node, data), p), places);
  return [roundReals(node, data.dtype, places.dims, fromPower(sums, p))];
};

function powerOf(node: Node): number {
  const p = intAttr(node, 'p', 2);
  if (!(p >= 1)) throw impossible(node, `p is ${p}`);
  return p;
}

function toPower(data: Float64Array, p: number): Float64Array {
  if (p === 1) return data.map(Math.abs);
  return p === 2 ? data.map((x) => x * x) : data.map((x) => pow(Math.abs(x), p));
}

function fromPower(sums: Float64Array, p: number): Float64Array {
  if (p === 1) return sums;
  return p === 2 ? sums.map(Math.sqrt) : sums.map((x) => pow(x, 1 / p));
}

interface Planes {
  readonly node: Node;
  readonly dtype: DType;
  readonly data: Float64Array;
  /** [N, C, 1, ...] */
  readonly dims: readonly number[];
  /** Elements of a plane. */
  readonly plane: number;
}

function planesOf(context: Parameters<Reference>[0]): Planes {
  const { node } = context;
  const tensor = inputAt(context, 0);
  if (tensor.dims.length < 2)
    throw impossible(node, `needs batch and channels, not [${tensor.dims.join(',')}]`);
  const dims = tensor.dims.map((d, i) => (i < 2 ? d : 1));
  boundedCount(node, dims);
  return {
    node,
    dtype: tensor.dtype,
    data: realsOf(node, tensor),
    dims,
    plane: elementCount(tensor.dims.slice(2)),
  };
}

function planeSums({ data, dims, plane }: Planes): Float64Array {
  const sums = new Float64Array(elementCount(dims));
  for (let p = 0; p < sums.length; p++) {
    let sum = 0;
    for (let i = p * plane; i < (p + 1) * plane; i++) sum += data[i]!;
    sums[p] = sum;
  }
  return sums;
}

export const referenceGlobalAveragePool: Reference = (context) => {
  const planes = planesOf(context);
  const sums = planeSums(planes);
  for (let p = 0; p < sums.length; p++) sums[p]! /= planes.plane;
  return [roundReals(planes.node, planes.dtype, planes.dims, sums)];
};

export const referenceGlobalLpPool: Reference = (context) => {
  const planes = planesOf(context);
  const p = powerOf(planes.node);
  const sums = planeSums({ ...planes, data: toPower(planes.data, p) });
  return [roundReals(planes.node, planes.dtype, planes.dims, fromPower(sums, p))];
};

/** NaN wins; a plane of nothing has -Infinity. */
export const referenceGlobalMaxPool: Reference = (context) => {
  const { node, dtype, data, dims, plane } = planesOf(context);
  const largest = new Float64Array(elementCount(dims));
  for (let p = 0; p < largest.length; p++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let i = p * plane; i < (p + 1) * plane; i++) {
      const x = data[i]!;
      if (x > best || (Number.isNaN(x) && !Number.isNaN(best))) best = x;
    }
    largest[p] = best;
  }
  return [roundReals(node, dtype, dims, largest)];
};
