/** Normalizations along axes: by layer, root mean square, norm, mean and variance. In doubles, rounded once. */
import { elementCount } from '../../base/integer.ts';
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { dtypeFromOnnx, floatAttr, intAttr, intsAttr } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../axes.ts';
import { broadcastIndex, broadcastShapes } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import { boundedCount, cannotEvaluate, isFloat, makeNumbers, numbersOf } from '../elements.ts';
import { groupsAlong } from '../groups.ts';
import { impossible } from '../infer-readers.ts';
import { floatsAt, momentsOf, neighbours } from './moments.ts';

/** The element of a scale or shift that each element of a row has; rows repeat it. */
function alongRow(node: Node, x: Tensor, weights: Tensor): (i: number) => number {
  const common = broadcastShapes(node, [x.dims, weights.dims]);
  if (common!.join() !== x.dims.join())
    throw impossible(node, `a scale or shift [${weights.dims.join(',')}] does not fit [${x.dims.join(',')}]`);
  const data = numbersOf(weights);
  const places = broadcastIndex(weights.dims, x.dims);
  return (i) => data[places[i]!]!;
}

/** The type of statistics; the values themselves are always doubles until they are rounded. */
function stashOf(node: Node): DType {
  const code = intAttr(node, 'stash_type', 1);
  const dtype = dtypeFromOnnx(code);
  if (dtype === undefined || !isFloat(dtype))
    throw cannotEvaluate(node, `stash_type ${code} is not computed`);
  return dtype;
}

interface Rows {
  readonly axis: number;
  readonly size: number;
  readonly count: number;
}

function rowsFrom(node: Node, x: Tensor): Rows {
  const axis = normalizeAxis(intAttr(node, 'axis', -1), x.dims.length, node);
  boundedCount(node, x.dims);
  return { axis, size: elementCount(x.dims.slice(axis)), count: elementCount(x.dims.slice(0, axis)) };
}

const epsilonOf = (node: Node): number => floatAttr(node, 'epsilon', Math.fround(1e-5));

/** (x - mean) * (1 / sqrt(variance + epsilon)) * scale + shift, and the mean and that reciprocal of each row. */
export const referenceLayerNormalization: Reference = (context) => {
  const { node, inputs } = context;
  const x = floatsAt(context, 0);
  const { axis, size, count } = rowsFrom(node, x);
  const stash = stashOf(node);
  const scale = alongRow(node, x, floatsAt(context, 1));
  const shift = inputs[2] === undefined ? undefined : alongRow(node, x, floatsAt(context, 2));
  const data = numbersOf(x);
  const steps = neighbours(size);
  const epsilon = epsilonOf(node);
  const [mean, inverse] = [new Float64Array(count), new Float64Array(count)];
  for (let row = 0; row < count; row++) {
    const moments = momentsOf(data, row * size, steps);
    mean[row] = moments.mean;
    inverse[row] = 1 / Math.sqrt(moments.variance + epsilon);
  }
  const y = makeNumbers(node, x.dtype, x.dims, (i) => {
    const row = Math.floor(i / size);
    const scaled = (data[i]! - mean[row]!) * inverse[row]! * scale(i);
    return shift === undefined ? scaled : scaled + shift(i);
  });
  const dims = x.dims.map((d, i) => (i < axis ? d : 1));
  const statistics = [mean, inverse].map((of) => makeNumbers(node, stash, dims, (i) => of[i]!));
  return [y, ...statistics].slice(0, node.outputs.length);
};

/** x / sqrt(mean of squares + epsilon) * scale. */
export const referenceRmsNormalization: Reference = (context) => {
  const { node } = context;
  const x = floatsAt(context, 0);
  const { size, count } = rowsFrom(node, x);
  stashOf(node);
  const scale = alongRow(node, x, floatsAt(context, 1));
  const data = numbersOf(x);
  const epsilon = epsilonOf(node);
  const root = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let i = row * size; i < (row + 1) * size; i++) squares += data[i]! * data[i]!;
    root[row] = Math.sqrt(squares / size + epsilon);
  }
  return [makeNumbers(node, x.dtype, x.dims, (i) => (data[i]! / root[Math.floor(i / size)]!) * scale(i))];
};

/** x over the norm of its row along the axis, p 1 or 2; rows of norm 0 become 0. */
export const referenceLpNormalization: Reference = (context) => {
  const { node } = context;
  const p = intAttr(node, 'p', 2);
  if (p !== 1 && p !== 2) throw impossible(node, `p is ${p}`);
  const x = floatsAt(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', -1), x.dims.length, node);
  return [
    eachGroup(node, x, new Set([axis]), (data, start, steps) => {
      let sum = 0;
      for (let i = 0; i < steps.length; i++) {
        const value = data[start + steps[i]!]!;
        sum += p === 1 ? Math.abs(value) : value * value;
      }
      const norm = p === 1 ? sum : Math.sqrt(sum);
      return (value) => (norm === 0 ? 0 : value / norm);
    }),
  ];
};

/** (x - mean) / (sqrt(variance) + 1e-9), as ONNX spells the operator out. */
export const referenceMeanVarianceNormalization: Reference = (context) => {
  const { node } = context;
  const x = floatsAt(context, 0);
  const axes = normalizeAxes(intsAttr(node, 'axes', [0, 2, 3]), x.dims.length, node);
  const least = Math.fround(1e-9);
  return [
    eachGroup(node, x, new Set(axes), (data, start, steps) => {
      const { mean, variance } = momentsOf(data, start, steps);
      const deviation = Math.sqrt(variance) + least;
      return (value) => (value - mean) / deviation;
    }),
  ];
};

/** A function made of each group's elements, and applied to them. */
function eachGroup(
  node: Node,
  x: Tensor,
  axes: ReadonlySet<number>,
  make: (data: ArrayLike<number>, start: number, steps: Int32Array) => (value: number) => number,
): Tensor {
  const out = new Float64Array(boundedCount(node, x.dims));
  const data = numbersOf(x);
  const { starts, steps } = groupsAlong(x.dims, axes);
  for (const start of steps.length === 0 ? [] : starts) {
    const apply = make(data, start, steps);
    for (const step of steps) out[start + step] = apply(data[start + step]!);
  }
  return makeNumbers(node, x.dtype, x.dims, (i) => out[i]!);
}
