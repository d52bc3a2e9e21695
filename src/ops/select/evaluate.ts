/** Exact values of slices, gathers, splits, joins and constant pads. */
import { elementCount } from '../../base/integer.ts';
import type { Node } from '../../ir/index.ts';
import { floatAttr, intAttr, intsAttr, stringAttr, Tensor } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../axes.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { Evaluate, EvaluateContext } from '../contract.ts';
import { boundedCount, cannotEvaluate, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { joinElements, moveElements } from '../move.ts';
import { padAmounts, paddedPlaces } from './pad.ts';
import type { Span } from './slice.ts';
import { clampSpan } from './slice.ts';
import { splitSizes } from './split.ts';

export const evaluateConcat: Evaluate = (context) => {
  const { node } = context;
  const tensors = context.inputs.map((_, i) => inputAt(context, i));
  const first = tensors[0] ?? inputAt(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', 1), first.dims.length, node);
  const fits = (t: Tensor): boolean =>
    t.dtype === first.dtype &&
    t.dims.length === first.dims.length &&
    t.dims.every((d, i) => i === axis || d === first.dims[i]);
  if (!tensors.every(fits)) throw impossible(node, 'the inputs do not join');
  const dims = first.dims.with(
    axis,
    tensors.reduce((n, t) => n + t.dims[axis]!, 0),
  );
  const outer = elementCount(first.dims.slice(0, axis));
  const inner = tensors.map((t) => elementCount(t.dims.slice(axis)));
  return [joinElements(node, tensors, dims, { outer, inner })];
};

/** The region of the data that a span along each axis cuts out. */
function cut(node: Node, data: Tensor, spans: readonly Span[]): Tensor {
  const own = stridesOf(data.dims);
  const dims = spans.map((s) => s.count);
  boundedCount(node, dims);
  const offset = spans.reduce((at, s, i) => at + s.start * own[i]!, 0);
  return moveElements(
    node,
    data,
    dims,
    walk(
      dims,
      spans.map((s, i) => s.step * own[i]!),
      offset,
    ),
  );
}

const whole = (count: number): Span => ({ start: 0, step: 1, count });

export const evaluateSlice: Evaluate = (context) => {
  const { node, inputs } = context;
  const data = inputAt(context, 0);
  const list = (name: string, index: number): readonly number[] | undefined =>
    intsAttr(node, name) ?? (inputs[index] ? integersOf(inputs[index]) : undefined);
  const starts = list('starts', 1) ?? [];
  const ends = list('ends', 2) ?? [];
  const axes = normalizeAxes(list('axes', 3) ?? starts.map((_, i) => i), data.dims.length, node);
  const steps = list('steps', 4) ?? starts.map(() => 1);
  if ([starts, ends, steps].some((l) => l.length !== axes.length) || steps.includes(0))
    throw impossible(node, 'starts, ends, axes and steps do not fit');
  const spans = data.dims.map(whole);
  for (const [i, axis] of axes.entries())
    spans[axis] = clampSpan(data.dims[axis]!, starts[i]!, ends[i]!, steps[i]!);
  return [cut(node, data, spans)];
};

export const evaluateSplit: Evaluate = (context) => {
  const { node, inputs } = context;
  const data = inputAt(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), data.dims.length, node);
  const given = intsAttr(node, 'split') ?? (inputs[1] ? integersOf(inputs[1]) : undefined);
  const sizes = splitSizes(node, data.dims[axis]!, given) as readonly number[];
  if (sizes.length !== node.outputs.length || sizes.some((s) => s < 0))
    throw impossible(node, `pieces [${sizes.join(',')}] for ${node.outputs.length} outputs`);
  let start = 0;
  return sizes.map((count) => {
    const piece = cut(node, data, data.dims.map(whole).with(axis, { start, step: 1, count }));
    start += count;
    return piece;
  });
};

export const evaluateGather: Evaluate = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const indices = inputAt(context, 1);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), data.dims.length, node);
  const size = data.dims[axis]!;
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  const from = new Int32Array(boundedCount(node, dims));
  const chosen = integersOf(indices).map((i) => {
    if (i < -size || i >= size) throw impossible(node, `index ${i} is outside a size of ${size}`);
    return i < 0 ? i + size : i;
  });
  const outer = elementCount(data.dims.slice(0, axis));
  const inner = elementCount(data.dims.slice(axis + 1));
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const i of chosen) {
      const start = (o * size + i) * inner;
      for (let k = 0; k < inner; k++) from[at++] = start + k;
    }
  return [moveElements(node, data, dims, from)];
};

export const evaluatePad: Evaluate = (context) => {
  const { node, inputs } = context;
  const data = inputAt(context, 0);
  const pads = intsAttr(node, 'pads') ?? integersOf(inputAt(context, 1));
  const { begin, end } = amounts(node, data, pads, inputs[3]);
  const mode = stringAttr(node, 'mode', 'constant');
  const dims = data.dims.map((d, i) => d + begin[i]! + end[i]!);
  const from = new Int32Array(boundedCount(node, dims));
  const own = stridesOf(data.dims);
  // Of an empty result one axis may still be longer than any table.
  const places =
    from.length === 0
      ? []
      : data.dims.map((size, i) => paddedPlaces(node, { size, begin: begin[i]!, end: end[i]! }, mode));
  const index = new Array<number>(dims.length).fill(0);
  for (let i = 0; i < from.length; i++) {
    let at = 0;
    for (const [axis, place] of index.entries()) {
      const inside = places[axis]![place]!;
      if (inside < 0) at = -1;
      if (at >= 0) at += inside * own[axis]!;
    }
    from[i] = at;
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
  return [moveElements(node, data, dims, from, mode === 'constant' ? fillOf(context, data) : undefined)];
};

function amounts(
  node: Node,
  data: Tensor,
  pads: readonly number[],
  axes: Tensor | undefined,
): { readonly begin: readonly number[]; readonly end: readonly number[] } {
  const given = padAmounts(node, data.dims.length, pads, axes && integersOf(axes));
  return given as { begin: readonly number[]; end: readonly number[] };
}

/** Undefined is zero bytes, which is 0 in every dtype. */
function fillOf({ node, inputs }: EvaluateContext, data: Tensor): Tensor | undefined {
  if (inputs[2] !== undefined) {
    if (inputs[2].dtype !== data.dtype || inputs[2].size !== 1)
      throw impossible(node, `the filling value is not one ${data.dtype}`);
    return inputs[2];
  }
  const value = floatAttr(node, 'value', 0);
  if (value === 0) return undefined;
  if (data.dtype !== 'float32') throw cannotEvaluate(node, `${data.dtype} is not padded with ${value}`);
  return Tensor.from('float32', [], [value]);
}
