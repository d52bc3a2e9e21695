/** How far each axis of a Resize or Upsample is stretched, whichever way the opset says it. */
import type { Node, Tensor } from '../../ir/index.ts';
import { floatsAttr, intsAttr, stringAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import type { EvaluateContext } from '../contract.ts';
import { inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

export interface Stretch {
  readonly input: number;
  readonly output: number;
  /** A float32, as engines compute it: given, or output / input. */
  readonly scale: number;
  /** Normalized to the input's length; tf_crop_and_resize alone looks at it. */
  readonly start: number;
  readonly end: number;
}

/** One an axis of the data. */
export function stretchesOf(context: EvaluateContext): readonly Stretch[] {
  const { node, opset, inputs } = context;
  const { dims } = inputAt(context, 0);
  const legacy = node.op === 'Upsample' || opset < 11;
  if (legacy) return scaledBy(node, dims, floatsAttr(node, 'scales') ?? numbersIn(inputAt(context, 1)));
  const given = intsAttr(node, 'axes');
  const axes = given === undefined ? [...dims.keys()] : normalizeAxes(given, dims.length, node);
  const spread = (list: readonly number[], fallback: (axis: number) => number): number[] => {
    if (list.length !== axes.length)
      throw impossible(node, `${list.length} scales or sizes for ${axes.length} axes`);
    return dims.map((_, axis) => (axes.includes(axis) ? list[axes.indexOf(axis)]! : fallback(axis)));
  };
  const [scales, sizes] = [inputs[2], inputs[3]];
  if ((scales?.size ?? 0) > 0 === (sizes !== undefined && sizes.size > 0) && dims.length > 0)
    throw impossible(node, 'needs scales or sizes, and not both');
  const stretches =
    sizes === undefined || sizes.size === 0
      ? scaledBy(
          node,
          dims,
          spread(numbersIn(scales), () => 1),
        )
      : sized(
          node,
          dims,
          spread(integersOf(sizes), (axis) => dims[axis]!),
          axes,
        );
  return stringAttr(node, 'coordinate_transformation_mode') === 'tf_crop_and_resize'
    ? cropped(node, stretches, axes, inputs[1])
    : stretches;
}

function numbersIn(tensor: Tensor | undefined): readonly number[] {
  return tensor === undefined ? [] : tensor.toNumbers();
}

/** floor(f32(size * scale)). */
function scaledBy(node: Node, dims: readonly number[], scales: readonly number[]): readonly Stretch[] {
  if (scales.length !== dims.length)
    throw impossible(node, `${scales.length} scales for rank ${dims.length}`);
  return dims.map((input, axis) => {
    const scale = scales[axis]!;
    if (!(scale > 0)) throw impossible(node, `the scale ${scale} is not positive`);
    return { input, output: Math.floor(Math.fround(input * scale)), scale, start: 0, end: 1 };
  });
}

/** Under not_larger and not_smaller all axes have one scale, and sizes round half up. */
function sized(
  node: Node,
  dims: readonly number[],
  sizes: readonly number[],
  axes: readonly number[],
): readonly Stretch[] {
  const own = dims.map((input, axis) => Math.fround(sizes[axis]! / input));
  const policy = stringAttr(node, 'keep_aspect_ratio_policy', 'stretch');
  if (!['stretch', 'not_larger', 'not_smaller'].includes(policy))
    throw impossible(node, `keep_aspect_ratio_policy '${policy}' is none of ONNX's`);
  const chosen = axes.map((axis) => own[axis]!);
  const common = policy === 'not_larger' ? Math.min(...chosen) : Math.max(...chosen);
  return dims.map((input, axis) => {
    const kept = policy !== 'stretch' && axes.includes(axis);
    const output = kept ? Math.floor(Math.fround(common * input) + 0.5) : sizes[axis]!;
    if (!(output >= 0) || (input === 0 && output > 0))
      throw impossible(node, `a size of ${input} does not become ${output}`);
    return { input, output, scale: kept ? common : own[axis]!, start: 0, end: 1 };
  });
}

function cropped(
  node: Node,
  stretches: readonly Stretch[],
  axes: readonly number[],
  roi: Tensor | undefined,
): readonly Stretch[] {
  const box = numbersIn(roi);
  if (box.length !== 2 * axes.length)
    throw impossible(node, `a roi of ${box.length} numbers for ${axes.length} axes`);
  return stretches.map((stretch, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? stretch : { ...stretch, start: box[at]!, end: box[at + axes.length]! };
  });
}
