/**
 * Where the windows of convolutions and pools lie: kernel, strides, dilations and explicit pads, with auto_pad,
 * ceil_mode and output_shape resolved. Everybody who needs a pad asks here, so that it is decided once.
 */
import type { Dim, Node, Shape } from '../ir/index.ts';
import { intAttr, intsAttr, stringAttr } from '../ir/index.ts';
import { dimOf, mulDims } from './dims.ts';
import { impossible } from './infer-readers.ts';

/** One entry a spatial axis (axis 2 onwards) in each list. */
export interface WindowGeometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Undefined where auto_pad (or output_shape) depends on a size that is not known. */
  readonly pads: { readonly begin: readonly number[]; readonly end: readonly number[] } | undefined;
  readonly group: number;
  /** Spatial sizes of the output. */
  readonly output: Shape;
}

type AutoPad = 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';

interface Axis {
  readonly size: Dim;
  /** Cells a window spans: dilation * (kernel - 1) + 1. */
  readonly span: number;
  readonly stride: number;
  readonly begin: number;
  readonly end: number;
}

interface Placed {
  readonly output: Dim;
  /** Undefined: not known. */
  readonly pads: readonly [begin: number, end: number] | undefined;
}

/** Conv and its integer kin. `weight` is [M, C/group, ...kernel]. Undefined when the kernel is not known. */
export function convGeometry(
  node: Node,
  input: Shape,
  weight: Shape | undefined,
): WindowGeometry | undefined {
  const window = readWindow(node, input, weight);
  return window && place(node, window, (axis) => slide(axis, window.autoPad, 'floor'));
}

/** MaxPool, AveragePool, LpPool. In ceil mode a window that would start in the end padding is dropped. */
export function poolGeometry(node: Node, input: Shape): WindowGeometry | undefined {
  const window = readWindow(node, input, undefined);
  // SAME fixes the output size by itself: engines ignore ceil_mode there.
  const rounding = intAttr(node, 'ceil_mode', 0) !== 0 ? 'ceil' : 'floor';
  return window && place(node, window, (axis, i) => pooled(axis, window, i, rounding));
}

/** ConvTranspose. `weight` is [C, M/group, ...kernel]. Pads are those cut from the full output. */
export function convTransposeGeometry(
  node: Node,
  input: Shape,
  weight: Shape | undefined,
): WindowGeometry | undefined {
  const window = readWindow(node, input, weight);
  if (window === undefined) return undefined;
  const rank = input.length - 2;
  const padding = checkLength(node, 'output_padding', intsAttr(node, 'output_padding'), rank, 0);
  const stated = intsAttr(node, 'output_shape');
  const target = stated?.slice(stated.length - rank);
  if (target !== undefined) checkLength(node, 'output_shape', target, rank, 0);
  return place(node, window, (axis, i) => spread(axis, window.autoPad, padding[i]!, target?.[i]));
}

interface Window {
  readonly autoPad: AutoPad;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly axes: readonly Axis[];
}

function readWindow(node: Node, input: Shape, weight: Shape | undefined): Window | undefined {
  const rank = input.length - 2;
  if (rank < 1) throw impossible(node, `needs an input with spatial axes, not [${input.join(',')}]`);
  const kernel = intsAttr(node, 'kernel_shape') ?? weight?.slice(2);
  if (!kernel?.every((k): k is number => typeof k === 'number')) return undefined;
  checkLength(node, 'kernel_shape', kernel, rank, 1);
  const strides = checkLength(node, 'strides', intsAttr(node, 'strides'), rank, 1, 1);
  const dilations = checkLength(node, 'dilations', intsAttr(node, 'dilations'), rank, 1, 1);
  const autoPad = stringAttr(node, 'auto_pad', 'NOTSET') || 'NOTSET';
  if (!isAutoPad(autoPad)) throw impossible(node, `auto_pad '${autoPad}' is none of ONNX's`);
  const explicit = autoPad === 'NOTSET' ? intsAttr(node, 'pads') : undefined;
  const pads = checkLength(node, 'pads', explicit, 2 * rank, Number.NEGATIVE_INFINITY);
  const axes = kernel.map((k, i) => ({
    size: input[i + 2]!,
    span: dilations[i]! * (k - 1) + 1,
    stride: strides[i]!,
    begin: pads[i]!,
    end: pads[i + rank]!,
  }));
  return { autoPad, kernel, strides, dilations, axes };
}

function isAutoPad(text: string): text is AutoPad {
  return text === 'NOTSET' || text === 'VALID' || text === 'SAME_UPPER' || text === 'SAME_LOWER';
}

/** The attribute, or `length` defaults; throws INVALID_GRAPH on a wrong length or an entry below `least`. */
function checkLength(
  node: Node,
  name: string,
  given: readonly number[] | undefined,
  length: number,
  least: number,
  fallback = 0,
): readonly number[] {
  if (given === undefined || given.length === 0) return new Array<number>(length).fill(fallback);
  if (given.length !== length || given.some((v) => !(v >= least && Number.isSafeInteger(v))))
    throw impossible(
      node,
      `${name} [${given.join(',')}] does not fit ${length} entries of at least ${least}`,
    );
  return given;
}

function place(node: Node, window: Window, one: (axis: Axis, i: number) => Placed): WindowGeometry {
  const placed = window.axes.map(one);
  for (const [i, { output }] of placed.entries())
    if (typeof output === 'number' && output < 0)
      throw impossible(node, `the window ${window.kernel[i]} does not fit spatial axis ${i}`);
  const group = intAttr(node, 'group', 1);
  if (!(group >= 1)) throw impossible(node, `group ${group} is not positive`);
  const known = placed.every((p) => p.pads !== undefined);
  return {
    kernel: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: known ? { begin: placed.map((p) => p.pads![0]), end: placed.map((p) => p.pads![1]) } : undefined,
    group,
    output: placed.map((p) => p.output),
  };
}

/** SAME splits an odd total: UPPER puts the extra cell at the end, LOWER at the start. */
function split(total: number, autoPad: AutoPad): readonly [number, number] {
  const small = Math.floor(total / 2);
  return autoPad === 'SAME_LOWER' ? [total - small, small] : [small, total - small];
}

function slide(axis: Axis, autoPad: AutoPad, rounding: 'floor' | 'ceil'): Placed {
  const { size, span, stride } = axis;
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    if (typeof size !== 'number')
      // With stride 1 the total does not depend on the size (from the span on, which real inputs have).
      return {
        output: stride === 1 ? size : null,
        pads: stride === 1 ? split(span - 1, autoPad) : undefined,
      };
    const output = Math.ceil(size / stride);
    return { output, pads: split(Math.max(0, (output - 1) * stride + span - size), autoPad) };
  }
  const pads = [axis.begin, axis.end] as const;
  if (typeof size !== 'number')
    return { output: stride === 1 && axis.begin + axis.end === span - 1 ? size : null, pads };
  const steps = (size + axis.begin + axis.end - span) / stride;
  if (steps < 0 && rounding === 'floor') return { output: Math.max(-1, Math.floor(steps)) + 1, pads };
  let output = (rounding === 'ceil' ? Math.ceil(steps) : Math.floor(steps)) + 1;
  if (rounding === 'ceil' && (output - 1) * stride >= size + axis.begin) output--;
  return { output: dimOf(output), pads };
}

/** Undecided where onnxruntime does otherwise than ONNX says: dilations under SAME, a window that hangs over a little. */
function pooled(axis: Axis, window: Window, i: number, rounding: 'floor' | 'ceil'): Placed {
  const same = window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER';
  if (same && window.dilations[i] !== 1) return { output: null, pads: undefined };
  const room = typeof axis.size === 'number' ? axis.size + axis.begin + axis.end - axis.span : 0;
  const hangsOver = !same && rounding === 'floor' && room < 0 && room > -axis.stride;
  const placed = slide(axis, window.autoPad, rounding);
  return hangsOver ? { output: null, pads: placed.pads } : placed;
}

function spread(axis: Axis, autoPad: AutoPad, outputPadding: number, target: number | undefined): Placed {
  const { size, span, stride } = axis;
  const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  // Gaps between the windows: ONNX asks for size * stride all the same, onnxruntime gives what the windows reach.
  if (same && target === undefined && span + outputPadding < stride) return { output: null, pads: undefined };
  if (typeof size !== 'number') {
    const keeps = stride === 1 && outputPadding + span - 1 === axis.begin + axis.end;
    const output = target ?? (same ? mulDims(size, stride) : keeps ? size : null);
    return { output, pads: same || target !== undefined ? undefined : [axis.begin, axis.end] };
  }
  const full = stride * (size - 1) + outputPadding + span;
  const wanted = target ?? (same ? size * stride : undefined);
  if (wanted === undefined)
    return { output: dimOf(full - axis.begin - axis.end), pads: [axis.begin, axis.end] };
  const total = Math.max(0, full - wanted);
  // ONNX gives the extra cell to the start here unless SAME_UPPER is named.
  return { output: dimOf(wanted), pads: split(total, same ? autoPad : 'SAME_LOWER') };
}
