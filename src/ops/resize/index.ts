/** Resize and Upsample. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { floatsAttr, intsAttr, stringAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import type { InferContext, OperatorContract, QuantRule } from '../contract.ts';
import { dimOf, unknownDims } from '../dims.ts';
import { dtypeAt, hasInput, impossible, output, shapeAt } from '../infer-readers.ts';

function scalesAt(context: InferContext, index: number): readonly number[] | undefined {
  const tensor = hasInput(context.node, index) ? context.constant(index) : undefined;
  return tensor === undefined || tensor.size === 0 ? undefined : Array.from(tensor.toFloat32());
}

/** floor(size * scale), in float32 as engines compute it. */
function scaled(node: Node, size: Dim, scale: number): Dim {
  if (!(scale > 0)) throw impossible(node, `the scale ${scale} is not positive`);
  if (scale === 1) return size;
  return typeof size === 'number' ? dimOf(Math.floor(Math.fround(size * scale))) : null;
}

function resizedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return undefined;
  const older = context.opset < 11;
  const given = intsAttr(node, 'axes');
  const axes = given === undefined ? data.map((_, i) => i) : normalizeAxes(given, data.length, node);
  const scales = scalesAt(context, older ? 1 : 2);
  const sizes = older || !hasInput(node, 3) ? undefined : context.shapeValue(3);
  const fits = (list: readonly unknown[]): void => {
    if (list.length !== axes.length)
      throw impossible(node, `${list.length} scales or sizes for ${axes.length} axes`);
  };
  const result = [...data];
  if (scales !== undefined) {
    fits(scales);
    for (const [i, axis] of axes.entries()) result[axis] = scaled(node, data[axis]!, scales[i]!);
    return result;
  }
  if (sizes === undefined) {
    for (const axis of axes) result[axis] = null;
    return result;
  }
  fits(sizes);
  for (const [i, axis] of axes.entries()) result[axis] = sizes[i]!;
  return keepAspect(node, data, result, axes);
}

/** not_larger and not_smaller take one scale for all axes, the smallest or largest, and round half up. */
function keepAspect(node: Node, data: Shape, sized: readonly Dim[], axes: readonly number[]): Shape {
  const policy = stringAttr(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return sized;
  const ratios = axes.map((axis) => {
    const [to, from] = [sized[axis], data[axis]];
    return typeof to === 'number' && typeof from === 'number' ? Math.fround(to / from) : Number.NaN;
  });
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return sized.map((d, axis) => {
    if (!axes.includes(axis)) return d;
    const from = data[axis];
    return Number.isFinite(scale) && typeof from === 'number'
      ? dimOf(Math.floor(Math.fround(scale * from) + 0.5))
      : null;
  });
}

function upsampledShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  const scales = floatsAttr(node, 'scales') ?? scalesAt(context, 1);
  if (data === undefined || scales === undefined) return data && unknownDims(data.length);
  if (scales.length !== data.length)
    throw impossible(node, `${scales.length} scales for rank ${data.length}`);
  return data.map((d, i) => scaled(node, d, scales[i]!));
}

/** Nearest picks values, so codes pass through; interpolation computes new ones. */
function ruleOfMode(node: Node): QuantRule {
  return stringAttr(node, 'mode', 'nearest') === 'nearest'
    ? { kind: 'shared', data: [0] }
    : { kind: 'arithmetic', data: [0] };
}

export const resizeContracts: readonly OperatorContract[] = [
  {
    op: 'Resize',
    infer: (context) => [output(dtypeAt(context, 0), resizedShape(context))],
    quantize: ruleOfMode,
  },
  {
    op: 'Upsample',
    infer: (context) => [output(dtypeAt(context, 0), upsampledShape(context))],
    quantize: ruleOfMode,
  },
];
