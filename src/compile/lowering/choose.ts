/** Where, comparisons, logic, and casts between the types that networks carry beside codes. */
import { elementCount } from '../../base/integer.ts';
import type { DType } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import type { CastKernel } from '../kernels/cast.ts';
import * as cast from '../kernels/cast.ts';
import { chooseBytes, chooseLongs, chooseWords, compareKernels } from '../kernels/choose.ts';
import { alongRows, moveView, nameOf } from './crossing-views.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { denseStrides, rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { denseScratch, expanded } from './move-views.ts';

function chooseView(context: LowerContext, [condition, yes, no]: readonly View[], to: View): void {
  if (elementCount(to.dims) === 0) return;
  const kernel = { u8: chooseBytes, f32: chooseWords, i64: chooseLongs }[to.element];
  const views = [condition!, yes!, no!].map((view) => expanded(view, to.dims));
  const { outer, row } = alongRows(to.dims, [...views, to], 3, () => false);
  const [conditionStep, yesStep, noStep, targetStep] = row.steps as [number, number, number, number];
  const pointers = ['condition', 'yes', 'no', 'target'] as const;
  for (const { params, units } of rowsOf(pointers, [...views, to], outer))
    context.call(kernel, { ...params, count: row.size, conditionStep, yesStep, noStep, targetStep }, units);
}

/** Codes of one kind with the result are chosen as they are; others become the result's first. */
function lowerWhere(context: LowerContext): void {
  const condition = context.input(0);
  const to = context.output(0);
  const onCodes = [1, 2].every((i) => context.inputQuant(i) !== undefined) && to.codes !== undefined;
  if (onCodes || (to.element !== 'f32' && to.codes === undefined)) {
    const sides = [1, 2].map((i) => {
      const view = context.input(i);
      const like = { ...to, dims: view.dims };
      const side = denseScratch(context, like);
      moveView(context, view, side, 'codes');
      return side;
    });
    chooseView(context, [condition, ...sides], to);
    return;
  }
  const sides = [floatInput(context, 1), floatInput(context, 2)];
  floatOutput(context, 0, (real) => chooseView(context, [condition, ...sides], real));
}

function lowerCompare(context: LowerContext): void {
  const to = context.output(0);
  const reals = [0, 1].some((i) => context.inputQuant(i) !== undefined || context.input(i).element === 'f32');
  const [left, right] = [0, 1].map((i) => (reals ? floatInput(context, i) : context.input(i))) as [
    View,
    View,
  ];
  const kernel = compareKernels[context.node.op]?.[left.element];
  if (kernel === undefined || right.element !== left.element || to.element !== 'u8')
    context.refuse(`there is no kernel for ${nameOf(left)} and ${nameOf(right)}`);
  if (elementCount(to.dims) === 0) return;
  const views = [expanded(left, to.dims), expanded(right, to.dims), to];
  const { outer, row } = alongRows(to.dims, views, 2, () => false);
  const [leftStep, rightStep, targetStep] = row.steps as [number, number, number];
  for (const { params, units } of rowsOf(['left', 'right', 'target'], views, outer))
    context.call(kernel, { ...params, count: row.size, leftStep, rightStep, targetStep }, units);
}

/** By what they are stored as: bool and uint8 are bytes. */
const casts: Readonly<Record<string, Readonly<Partial<Record<DType, CastKernel>>>>> = {
  f32: { int64: cast.floatsToLongs, uint8: cast.floatsToBytes, bool: cast.floatsToBools },
  i64: { float32: cast.longsToFloats, uint8: cast.longsToBytes, bool: cast.longsToBools },
  u8: { float32: cast.bytesToFloats, int64: cast.bytesToLongs, bool: cast.bytesToBools },
};

function lowerCast(context: LowerContext): void {
  const { node } = context;
  const to = dtypeFromOnnx(intAttr(node, 'to', 0));
  const from = context.inputQuant(0) === undefined ? context.input(0) : floatInput(context, 0);
  if (to === undefined) context.refuse('the type it casts to is not known');
  const make = (target: View): void => {
    const kernel = casts[from.element]?.[to];
    // Of one type to itself, and of bools to bytes.
    if (kernel === undefined && from.element === target.element) moveView(context, from, target);
    else if (kernel === undefined) context.refuse(`there is no kernel from ${nameOf(from)} to ${to}`);
    else castView(context, kernel, from, target);
  };
  if (to === 'float32') floatOutput(context, 0, make);
  else if (context.outputQuant(0) !== undefined) context.refuse(`there is no kernel for codes of ${to}`);
  else make(context.output(0));
}

function castView(context: LowerContext, kernel: CastKernel, from: View, to: View): void {
  if (elementCount(to.dims) === 0) return;
  const { outer, row } = alongRows(to.dims, [from, to], 1, () => false);
  const [sourceStep, targetStep] = row.steps as [number, number];
  for (const { params, units } of rowsOf(['source', 'target'], [from, to], outer))
    context.call(kernel, { ...params, count: row.size, sourceStep, targetStep }, units);
}

/** Equal to a byte of 0. */
function lowerNot(context: LowerContext): void {
  const [from, to] = [context.input(0), context.output(0)];
  if (from.element !== 'u8' || from.codes !== undefined)
    context.refuse(`there is no kernel for ${nameOf(from)}`);
  if (elementCount(to.dims) === 0) return;
  const zero = {
    ...from,
    at: context.constants(new Uint8Array(16), 16),
    strides: denseStrides(from.dims, 0),
  };
  const views = [from, zero, to];
  const { outer, row } = alongRows(to.dims, views, 2, () => false);
  const [leftStep, rightStep, targetStep] = row.steps as [number, number, number];
  for (const { params, units } of rowsOf(['left', 'right', 'target'], views, outer))
    context.call(
      compareKernels.Equal!.u8!,
      { ...params, count: row.size, leftStep, rightStep, targetStep },
      units,
    );
}

export const chooseLowerings: readonly Lowering[] = [
  { op: 'Where', lower: lowerWhere },
  ...Object.keys(compareKernels).map((op) => ({ op, lower: lowerCompare })),
  { op: 'Not', lower: lowerNot },
  { op: 'Cast', lower: lowerCast },
];
