/**
 * Resize and Upsample. Nearest picks elements of any dtype; linear and cubic mix floats axis by axis, the first one first,
 * in doubles, rounded once at the end.
 */
import { elementCount } from '../../base/integer.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import { floatAttr, intAttr, stringAttr } from '../../ir/index.ts';
import { stridesOf } from '../broadcast.ts';
import type { EvaluateContext, Reference } from '../contract.ts';
import {
  boundedCount,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import { realsOf, roundReals } from '../reals.ts';
import { coordinateOf } from './coordinates.ts';
import type { Stretch } from './stretches.ts';
import { stretchesOf } from './stretches.ts';
import type { Kernel, Mix } from './weights.ts';
import { cubicKernel, linearKernel, mixAt } from './weights.ts';

/** One output place of an axis: where it lies among the inputs; undefined outside a crop. */
type Located = number | undefined;

/** Widest kernel: beyond, an axis shrinks as no network's does. */
const maxTaps = 2 ** 24;

export const referenceResize: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const stretches = stretchesOf(context);
  const dims = stretches.map((s) => s.output);
  boundedCount(node, dims);
  const located = stretches.map((stretch) => locate(context, stretch));
  const mode = stringAttr(node, 'mode', 'nearest');
  if (mode === 'nearest') return [pick(context, data, { stretches, dims, located })];
  if (mode !== 'linear' && mode !== 'cubic') throw impossible(node, `mode '${mode}' is none of ONNX's`);
  if (!isFloat(data.dtype))
    throw cannotEvaluate(node, `ONNX does not say how interpolated ${data.dtype} is rounded`);
  return [mix(node, data, { stretches, dims, located })];
};

/** What each axis of the result takes from the data, for compiled code. */
export type ResizePlan =
  /** Along each axis the place of each place; -1 outside a crop. */
  | { readonly kind: 'nearest'; readonly places: readonly (readonly number[])[] }
  /** Mixed axis by axis, the first one first; undefined: the axis stays as it is. */
  | { readonly kind: 'mixed'; readonly mixes: readonly (readonly Mix[] | undefined)[] };

/** Of the data the dims alone count. Places outside a crop mix nothing. */
export function resizePlan(context: EvaluateContext): ResizePlan {
  const { node } = context;
  const stretches = stretchesOf(context);
  const located = stretches.map((stretch) => locate(context, stretch));
  const dims = stretches.map((s) => s.output);
  const mode = stringAttr(node, 'mode', 'nearest');
  if (mode === 'nearest')
    return { kind: 'nearest', places: nearestPlaces(context, { stretches, dims, located }) };
  if (mode !== 'linear' && mode !== 'cubic') throw impossible(node, `mode '${mode}' is none of ONNX's`);
  const kernel = kernelOf(node);
  return {
    kind: 'mixed',
    mixes: stretches.map((stretch, axis) => mixesOf(node, stretch, located[axis]!, kernel)),
  };
}

interface Resizing {
  readonly stretches: readonly Stretch[];
  readonly dims: readonly number[];
  readonly located: readonly (readonly Located[])[];
}

/** Before opset 11 there was one way only. */
function locate({ node, opset }: EvaluateContext, stretch: Stretch): readonly Located[] {
  const legacy = node.op === 'Upsample' || opset < 11;
  const mode = legacy ? 'asymmetric' : stringAttr(node, 'coordinate_transformation_mode', 'half_pixel');
  const coordinate = coordinateOf(node, mode);
  const crops = mode === 'tf_crop_and_resize';
  return Array.from({ length: stretch.output }, (_, o) => {
    const x = coordinate(o, stretch);
    return crops && !(x >= 0 && x <= stretch.input - 1) ? undefined : x;
  });
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Before opset 11 onnxruntime took the next place to the right where it shrinks, and so did ONNX's case. */
function roundingOf({ node, opset }: EvaluateContext, scale: number): (x: number) => number {
  if (node.op === 'Upsample' || opset < 11) return scale < 1 ? Math.ceil : Math.floor;
  const mode = stringAttr(node, 'nearest_mode', 'round_prefer_floor');
  const known = Object.hasOwn(roundings, mode) ? roundings[mode] : undefined;
  if (known === undefined) throw impossible(node, `nearest_mode '${mode}' is none of ONNX's`);
  return known;
}

/** Along each axis, the place in the data of each place of the result; -1 outside a crop. */
function nearestPlaces(
  context: EvaluateContext,
  { stretches, located }: Resizing,
): readonly (readonly number[])[] {
  return stretches.map((stretch, axis) => {
    const round = roundingOf(context, stretch.scale);
    return located[axis]!.map((x) =>
      x === undefined ? -1 : Math.min(Math.max(round(x), 0), stretch.input - 1),
    );
  });
}

function pick(context: EvaluateContext, data: Tensor, resizing: Resizing): Tensor {
  const { node } = context;
  const { dims } = resizing;
  const strides = stridesOf(data.dims);
  // Offsets of the axes so far, in row-major order; -1 outside a crop.
  let from = Int32Array.of(0);
  for (const [axis, places] of nearestPlaces(context, resizing).entries()) {
    const along = places.map((place) => (place < 0 ? -1 : place * strides[axis]!));
    const outer = from;
    from = new Int32Array(outer.length * along.length);
    for (let i = 0, at = 0; i < outer.length; i++)
      for (const offset of along) from[at++] = outer[i]! < 0 || offset < 0 ? -1 : outer[i]! + offset;
  }
  const value = floatAttr(node, 'extrapolation_value', 0);
  const fill = isWide(data.dtype)
    ? makeBigs(node, data.dtype, [], () => BigInt(Math.trunc(value)))
    : value === 0
      ? undefined
      : makeNumbers(node, data.dtype, [], () => value);
  return moveElements(node, data, dims, from, fill);
}

function mix(node: Node, data: Tensor, { stretches, dims, located }: Resizing): Tensor {
  const kernel = kernelOf(node);
  let values = realsOf(node, data);
  const sizes = [...data.dims];
  for (const [axis, stretch] of stretches.entries()) {
    const mixes = mixesOf(node, stretch, located[axis]!, kernel);
    if (mixes === undefined) continue;
    const outer = elementCount(sizes.slice(0, axis));
    sizes[axis] = stretch.output;
    boundedCount(node, sizes);
    values = mixAxis(values, mixes, {
      outer,
      size: stretch.input,
      inner: elementCount(sizes.slice(axis + 1)),
    });
  }
  const result = values.length === 0 || data.dtype !== 'float64' ? values : values.slice();
  return roundReals(node, data.dtype, dims, extrapolated(node, result, located));
}

function kernelOf(node: Node): Kernel {
  return stringAttr(node, 'mode') === 'cubic'
    ? cubicKernel(floatAttr(node, 'cubic_coeff_a', -0.75))
    : linearKernel;
}

/** Undefined where every place stays as it is. */
function mixesOf(
  node: Node,
  stretch: Stretch,
  located: readonly Located[],
  kernel: Kernel,
): readonly Mix[] | undefined {
  if (stretch.input === stretch.output && located.every((x, i) => x === i)) return undefined;
  const squeeze = intAttr(node, 'antialias', 0) !== 0 ? Math.min(1, stretch.scale) : 1;
  if (!((2 * kernel.reach * located.length) / squeeze <= maxTaps))
    throw cannotEvaluate(node, `a scale of ${stretch.scale} is not filtered here`);
  const excludeOutside = intAttr(node, 'exclude_outside', 0) !== 0;
  return located.map((x) =>
    x === undefined
      ? { places: [], weights: [] }
      : mixAt(x, stretch.input, kernel, { squeeze, excludeOutside }),
  );
}

function mixAxis(
  data: Float64Array,
  mixes: readonly Mix[],
  { outer, size, inner }: { readonly outer: number; readonly size: number; readonly inner: number },
): Float64Array {
  const out = new Float64Array(outer * mixes.length * inner);
  for (let o = 0; o < outer; o++)
    for (let m = 0; m < mixes.length; m++) {
      const { places, weights } = mixes[m]!;
      const y = (o * mixes.length + m) * inner;
      for (let k = 0; k < places.length; k++) {
        const x = (o * size + places[k]!) * inner;
        const w = weights[k]!;
        for (let i = 0; i < inner; i++) out[y + i]! += w * data[x + i]!;
      }
    }
  return out;
}

/** Places outside a crop have one value whatever the other axes say. */
function extrapolated(
  node: Node,
  values: Float64Array,
  located: readonly (readonly Located[])[],
): Float64Array {
  if (!located.some((axis) => axis.includes(undefined))) return values;
  const value = floatAttr(node, 'extrapolation_value', 0);
  const strides = stridesOf(located.map((axis) => axis.length));
  for (const [axis, places] of located.entries())
    for (let i = 0; i < values.length; i++)
      if (places[Math.floor(i / strides[axis]!) % places.length] === undefined) values[i] = value;
  return values;
}
