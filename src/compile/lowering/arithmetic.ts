/** Add, Sub, Sum, Mean and Mul of codes, with broadcasting. */
import { elementCount } from '../../base/integer.ts';
import { multiplier } from '../../ops/crossings.ts';
import { addScaled } from '../kernels/add-scaled.ts';
import {
  addCode,
  addCodes,
  addCodesApart,
  multiplyByCode,
  multiplyCodes,
  multiplyCodesApart,
} from '../kernels/arithmetic.ts';
import { withinRounding } from '../kernels/rounding.ts';
import { dequantizeView, quantizeView } from './crossing-views.ts';
import type { Loop } from './loops.ts';
import { cutLoop, denseStrides, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { expanded } from './move-views.ts';

interface Operand {
  /** Broadcast to the result. */
  readonly view: View;
  readonly zero: number;
  readonly factor: number;
}

type Kind = 'sum' | 'product';

const kernels = {
  sum: { together: addCodes, stays: addCode, apart: addCodesApart },
  product: { together: multiplyCodes, stays: multiplyByCode, apart: multiplyCodesApart },
} as const;

function operandViews(context: LowerContext, to: View): readonly View[] {
  return Array.from({ length: context.inputCount }, (_, i) => expanded(context.input(i), to.dims));
}

/** `parts` divides every operand; `sign` is that of all but the first. */
function lowerSum(context: LowerContext, parts: number, sign: 1 | -1): void {
  const to = context.output(0);
  const scale = to.codes!.scale;
  const operands = operandViews(context, to).map((view, i) => ({
    view,
    zero: view.codes!.zero,
    factor: multiplier(context.node, view.codes!.scale / Math.fround(scale * parts)) * (i === 0 ? 1 : sign),
  }));
  if (operands.length === 2) lowerPair(context, 'sum', operands as unknown as readonly [Operand, Operand]);
  else lowerMany(context, operands);
}

function lowerProduct(context: LowerContext): void {
  const to = context.output(0);
  const [a, b] = operandViews(context, to) as readonly [View, View];
  if (context.inputCount !== 2) context.refuse(`it multiplies ${context.inputCount} operands`);
  const factor = multiplier(context.node, Math.fround(a.codes!.scale * b.codes!.scale) / to.codes!.scale);
  lowerPair(context, 'product', [
    { view: a, zero: a.codes!.zero, factor },
    { view: b, zero: b.codes!.zero, factor },
  ]);
}

function lowerPair(context: LowerContext, kind: Kind, operands: readonly [Operand, Operand]): void {
  const to = context.output(0);
  if (elementCount(to.dims) === 0) return;
  const reach =
    kind === 'sum'
      ? 255 * (Math.abs(operands[0].factor) + Math.abs(operands[1].factor)) * 1.01
      : 255 * 255 * operands[0].factor;
  const within = withinRounding(-reach, reach, 1);
  const views = roomyViews([operands[0].view, operands[1].view, to]);
  const isFast = ({ steps: [x, y, t] }: Loop): boolean =>
    within && t === 1 && (x === 0 || x === 1) && (y === 0 || y === 1) && x + y > 0;
  const { outer, row } = rowsAlong(loopsOf(views[2]!.dims, views, 2), isFast);
  const fast = isFast(row);
  // What stays for a whole row comes second.
  const order = fast && row.steps[0] === 0 ? [1, 0, 2] : [0, 1, 2];
  const turned = ({ size, steps }: Loop): Loop => ({ size, steps: order.map((i) => steps[i]!) });
  const [a, b] = [operands[order[0]!]!, operands[order[1]!]!];
  const [aStep, bStep, targetStep] = turned(row).steps as [number, number, number];
  const kernel = kernels[kind][!fast ? 'apart' : bStep === 0 ? 'stays' : 'together'];
  for (const { params, units } of rowsOf(['a', 'b', 'target'], [a.view, b.view, to], outer.map(turned)))
    context.call(
      kernel,
      {
        ...params,
        count: row.size,
        aStep,
        bStep,
        targetStep,
        zeroA: a.zero,
        zeroB: b.zero,
        zero: to.codes!.zero,
        factorA: a.factor,
        factorB: b.factor,
      },
      units,
    );
}

/**
 * Pixels with room behind their channels are taken with it where all views have it: rows then go on from pixel to pixel, and
 * what is computed of what lies there nobody reads.
 */
function roomyViews(views: readonly View[]): readonly View[] {
  const { dims } = views[0]!;
  if (dims.length < 3) return views;
  const room = Math.ceil(dims[1]! / 8) * 8;
  const all = views.every((v) => v.strides[1] === 1 && v.strides.at(-1) === room);
  return all ? views.map((v) => ({ ...v, dims: v.dims.with(1, room) })) : views;
}

/** The axis that goes inside: the last, or one for which kernels are fast, else the longest. A single axis is cut for threads. */
function rowsAlong(
  loops: readonly Loop[],
  wanted: 'last' | ((loop: Loop) => boolean),
): { readonly outer: readonly Loop[]; readonly row: Loop } {
  if (loops.length === 0) return { outer: [], row: { size: 1, steps: [0, 0, 0] } };
  const inner =
    wanted === 'last'
      ? loops.at(-1)!
      : (loops.findLast((l) => wanted(l) && l.size >= 4) ??
        loops.reduce((a, b) => (b.size > a.size ? b : a)));
  const cut = loops.length === 1 ? cutLoop(inner) : [inner];
  return { outer: [...loops.filter((l) => l !== inner), ...cut.slice(0, -1)], row: cut.at(-1)! };
}

/** In floats, operand by operand, as each sum is rounded; then to codes. */
function lowerMany(context: LowerContext, operands: readonly Operand[]): void {
  const to = context.output(0);
  if (elementCount(to.dims) === 0) return;
  const sums: View = {
    at: context.scratch(elementCount(to.dims) * 4),
    dims: to.dims,
    strides: denseStrides(to.dims, 4),
    element: 'f32',
    codes: undefined,
  };
  for (const [i, { view, zero, factor }] of operands.entries()) {
    if (i === 0) {
      dequantizeView(context, { ...view, codes: { scale: factor, zero } }, sums);
      continue;
    }
    // The sums are dense: their last axis is a row.
    const { outer, row } = rowsAlong(loopsOf(to.dims, [view, sums], 1), 'last');
    for (const { params, units } of rowsOf(['source', 'target'], [view, sums], outer))
      context.call(addScaled, { ...params, count: row.size, sourceStep: row.steps[0]!, zero, factor }, units);
  }
  quantizeView(context, sums, { ...to, codes: { scale: 1, zero: to.codes!.zero } });
}

/** Nodes whose operands and result are all codes; what is float has kernels of its own. */
function onCodes(context: LowerContext): boolean {
  const inputs = Array.from({ length: context.inputCount }, (_, i) => context.inputQuant(i));
  return [...inputs, context.outputQuant(0)].every((q) => q !== undefined && q.axis === undefined);
}

export const arithmeticLowerings: readonly Lowering[] = [
  { op: 'Add', takes: onCodes, lower: (c) => lowerSum(c, 1, 1) },
  { op: 'Sum', takes: onCodes, lower: (c) => lowerSum(c, 1, 1) },
  { op: 'Sub', takes: onCodes, lower: (c) => lowerSum(c, 1, -1) },
  { op: 'Mean', takes: onCodes, lower: (c) => lowerSum(c, c.inputCount, 1) },
  { op: 'Mul', takes: onCodes, lower: lowerProduct },
];
