/** Exact values of operators that only reshape or move elements. */
import type { Node, Shape, Tensor } from '../../ir/index.ts';
import { intsAttr, staticDims } from '../../ir/index.ts';
import { broadcastIndex, broadcastShapes, stridesOf, walk } from '../broadcast.ts';
import type { Evaluate, EvaluateContext } from '../contract.ts';
import { boundedCount, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import { flattenedShape, permutation, squeezedShape, unsqueezedShape } from './relabel.ts';
import { reshapedShape } from './reshape.ts';

/** Axes from the attribute or input 1. */
function axesOf(context: EvaluateContext): readonly number[] | 'none' {
  const given = context.inputs[1];
  return intsAttr(context.node, 'axes') ?? (given ? integersOf(given) : 'none');
}

/** The same elements under dims worked out as shape inference does. */
function relabel(shape: (context: EvaluateContext, data: Tensor) => Shape | undefined): Evaluate {
  return (context) => {
    const data = inputAt(context, 0);
    const dims = staticDims(shape(context, data));
    if (dims === undefined || dims.reduce((a, d) => a * d, 1) !== data.size)
      throw impossible(context.node, `[${data.dims.join(',')}] cannot become [${dims?.join(',') ?? '?'}]`);
    return [data.reshaped(dims)];
  };
}

export const evaluateReshape = relabel((context, data) =>
  reshapedShape(context.node, data.dims, integersOf(inputAt(context, 1))),
);

export const evaluateFlatten = relabel((context, data) => flattenedShape(context.node, data.dims));

export const evaluateSqueeze = relabel((context, data) =>
  squeezedShape(context.node, data.dims, axesOf(context)),
);

export const evaluateUnsqueeze = relabel((context, data) => {
  const axes = axesOf(context);
  return unsqueezedShape(context.node, data.dims, axes === 'none' ? [] : axes);
});

export const evaluateTranspose: Evaluate = (context) => {
  const data = inputAt(context, 0);
  const order = permutation(context.node, data.dims.length);
  const own = stridesOf(data.dims);
  const dims = order.map((axis) => data.dims[axis]!);
  const from = walk(
    bounded(context.node, dims),
    order.map((axis) => own[axis]!),
  );
  return [moveElements(context.node, data, dims, from)];
};

export const evaluateExpand: Evaluate = (context) => {
  const data = inputAt(context, 0);
  const shape = integersOf(inputAt(context, 1));
  const dims = staticDims(broadcastShapes(context.node, [data.dims, shape]))!;
  return [moveElements(context.node, data, dims, broadcastIndex(data.dims, bounded(context.node, dims)))];
};

export const evaluateTile: Evaluate = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const repeats = integersOf(inputAt(context, 1));
  if (repeats.length !== data.dims.length || repeats.some((r) => r < 0))
    throw impossible(node, `repeats [${repeats.join(',')}] do not fit [${data.dims.join(',')}]`);
  const dims = data.dims.map((d, i) => d * repeats[i]!);
  // Each axis as (repeat, size): walking repeats with a stride of 0 tiles.
  const strides = stridesOf(data.dims).flatMap((stride) => [0, stride]);
  const pairs = data.dims.flatMap((d, i) => [repeats[i]!, d]);
  bounded(node, dims);
  return [moveElements(node, data, dims, walk(pairs, strides))];
};

function bounded(node: Node, dims: readonly number[]): readonly number[] {
  boundedCount(node, dims);
  return dims;
}
