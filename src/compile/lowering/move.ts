/** Operators that move elements: each is copies between views of its inputs and its outputs. */
import { elementCount } from '../../base/integer.ts';
import { intAttr, intsAttr, stringAttr } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../../ops/axes.ts';
import { integersOf } from '../../ops/elements.ts';
import { clampSpan } from '../../ops/select/slice.ts';
import { splitSizes } from '../../ops/select/split.ts';
import { permutation } from '../../ops/shape/relabel.ts';
import type { Between } from './crossing-views.ts';
import { moveView } from './crossing-views.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { denseScratch, expanded, permuted, relabeled, sliced, splitAxis } from './move-views.ts';
import { lowerPad } from './pad.ts';
import { lowerGather } from './take.ts';

/** The integers of an attribute or, in newer opsets, of a constant input; undefined where neither is there. */
export function integersAt(
  context: LowerContext,
  attribute: string,
  index: number,
): readonly number[] | undefined {
  const stated = intsAttr(context.node, attribute);
  if (stated !== undefined || !context.has(index)) return stated;
  const tensor = context.constant(index);
  if (tensor === undefined)
    context.refuse(`its ${attribute} are computed by the model itself, and no kernel reads them`);
  return integersOf(tensor);
}

/** Codes become codes by one multiplier only where all data and results are codes. */
export function betweenOf(context: LowerContext, data: readonly number[]): Between {
  const all = data.every((i) => context.inputQuant(i) !== undefined) && context.outputQuant(0) !== undefined;
  return all ? 'codes' : 'reals';
}

/** The same elements in row-major order under other dims: by way of dense memory where strides cannot say both. */
function moveReshaped(context: LowerContext, from: View, to: View): void {
  const target = relabeled(to, from.dims);
  const source = relabeled(from, to.dims);
  if (target !== undefined) moveView(context, from, target);
  else if (source !== undefined) moveView(context, source, to);
  else {
    const between = denseScratch(context, { ...to, dims: from.dims });
    moveView(context, from, between);
    moveView(context, relabeled(between, to.dims)!, to);
  }
}

function reshape(context: LowerContext): void {
  moveReshaped(context, context.input(0), context.output(0));
}

function transpose(context: LowerContext): void {
  const from = context.input(0);
  moveView(context, permuted(from, permutation(context.node, from.dims.length)), context.output(0));
}

function slice(context: LowerContext): void {
  const { node } = context;
  let from = context.input(0);
  const starts = integersAt(context, 'starts', 1) ?? [];
  const ends = integersAt(context, 'ends', 2) ?? [];
  const given = integersAt(context, 'axes', 3) ?? starts.map((_, i) => i);
  const steps = integersAt(context, 'steps', 4) ?? starts.map(() => 1);
  for (const [i, axis] of normalizeAxes(given, from.dims.length, node).entries()) {
    const { start, count, step } = clampSpan(from.dims[axis]!, starts[i]!, ends[i]!, steps[i]!);
    from = sliced(from, axis, start, count, step);
  }
  moveView(context, from, context.output(0));
}

function split(context: LowerContext): void {
  const { node } = context;
  const from = context.input(0);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), from.dims.length, node);
  const sizes = splitSizes(node, from.dims[axis]!, integersAt(context, 'split', 1)) as readonly number[];
  let start = 0;
  for (const [i, name] of node.outputs.entries()) {
    if (name !== '') moveView(context, sliced(from, axis, start, sizes[i]!), context.output(i));
    start += sizes[i]!;
  }
}

function concat(context: LowerContext): void {
  const { node, inputCount } = context;
  const to = context.output(0);
  const axis = normalizeAxis(intAttr(node, 'axis', 1), to.dims.length, node);
  const inputs = Array.from({ length: inputCount }, (_, i) => i);
  const between = betweenOf(context, inputs);
  let start = 0;
  for (const i of inputs) {
    const from = context.input(i);
    const count = from.dims[axis]!;
    moveView(context, from, sliced(to, axis, start, count), between);
    start += count;
  }
}

function expand(context: LowerContext): void {
  const to = context.output(0);
  moveView(context, expanded(context.input(0), to.dims), to);
}

function tile(context: LowerContext): void {
  let [from, to] = [context.input(0), context.output(0)];
  for (const [axis, size] of context.input(0).dims.toReversed().entries()) {
    const at = from.dims.length - 1 - 2 * axis;
    const repeats = size === 0 ? 0 : to.dims[to.dims.length - 1 - 2 * axis]! / size;
    to = splitAxis(to, to.dims.length - 1 - 2 * axis, [repeats, size]);
    from = {
      ...from,
      dims: from.dims.toSpliced(at, 0, repeats),
      strides: from.strides.toSpliced(at, 0, 0),
    };
  }
  moveView(context, from, to);
}

/** Both as views of [n, channels, block down, block across, height, width]. */
function depthToSpace(context: LowerContext): void {
  const { node } = context;
  const [from, to] = [context.input(0), context.output(0)];
  const block = intAttr(node, 'blocksize', 1);
  const channels = to.dims[1]!;
  const columnFirst = stringAttr(node, 'mode', 'DCR') === 'CRD';
  const depth = columnFirst ? [channels, block, block] : [block, block, channels];
  const source = permuted(splitAxis(from, 1, depth), columnFirst ? [0, 1, 2, 3, 4, 5] : [0, 3, 1, 2, 4, 5]);
  moveView(context, source, blocksOf(to, block));
}

/** Depth is [block down, block across, channels]. */
function spaceToDepth(context: LowerContext): void {
  const [from, to] = [context.input(0), context.output(0)];
  const block = intAttr(context.node, 'blocksize', 1);
  const target = permuted(splitAxis(to, 1, [block, block, from.dims[1]!]), [0, 3, 1, 2, 4, 5]);
  moveView(context, blocksOf(from, block), target);
}

/** [n, c, h block, w block] as [n, c, down, across, h, w]. */
function blocksOf(image: View, block: number): View {
  const rows = splitAxis(image, 2, [image.dims[2]! / block, block]);
  const both = splitAxis(rows, 4, [rows.dims[4]! / block, block]);
  return permuted(both, [0, 1, 3, 5, 2, 4]);
}

/** The mask of a Dropout that drops nothing is not made: networks for inference do not read it. */
function identity(context: LowerContext): void {
  if ((context.node.outputs[1] ?? '') !== '' && elementCount(context.output(1).dims) > 0)
    context.refuse('there is no kernel for the mask it makes');
  moveView(context, context.input(0), context.output(0));
}

export const moveLowerings: readonly Lowering[] = [
  { op: 'Identity', lower: identity },
  { op: 'Dropout', lower: identity },
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'].map((op) => ({ op, lower: reshape })),
  { op: 'Transpose', lower: transpose },
  { op: 'Slice', lower: slice },
  { op: 'Split', lower: split },
  { op: 'Concat', lower: concat },
  { op: 'Expand', lower: expand },
  { op: 'Tile', lower: tile },
  { op: 'DepthToSpace', lower: depthToSpace },
  { op: 'SpaceToDepth', lower: spaceToDepth },
  { op: 'Gather', lower: lowerGather },
  { op: 'Pad', lower: lowerPad },
];
