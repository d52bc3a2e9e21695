/** Arithmetic of float32 views with broadcasting. Of codes with constants by tables (table.ts); codes alone are not this file's. */
import { elementCount } from '../../base/integer.ts';
import { Tensor } from '../../ir/index.ts';
import type { BinaryKernel } from '../kernels/float-elementwise.ts';
import {
  addFloats,
  divFloats,
  maxFloats,
  minFloats,
  mulFloats,
  powFloats,
  preluFloats,
  subFloats,
} from '../kernels/float-elementwise.ts';
import { cubeFloats, rootFloats } from '../kernels/float-functions.ts';
import { constantView } from './crossing.ts';
import { alongRows, moveView } from './crossing-views.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { applyToView } from './function-views.ts';
import { rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { expanded } from './move-views.ts';
import { tableLowering } from './table.ts';

/** target = left op right; the operands broadcast to the target's dims, and one of them may be the target itself. */
export function combineViews(
  context: LowerContext,
  kernel: BinaryKernel,
  [left, right]: readonly [View, View],
  target: View,
): void {
  if (elementCount(target.dims) === 0) return;
  const views = [expanded(left, target.dims), expanded(right, target.dims), target];
  const { outer, row } = alongRows(target.dims, views, 2, (l) =>
    l.steps.every((s, v) => s === 4 || (s === 0 && v < 2)),
  );
  const [leftStep, rightStep, targetStep] = row.steps as [number, number, number];
  for (const { params, units } of rowsOf(['left', 'right', 'target'], views, outer))
    context.call(kernel, { ...params, count: row.size, leftStep, rightStep, targetStep }, units);
}

const kernels: Readonly<Record<string, BinaryKernel>> = {
  Add: addFloats,
  Sum: addFloats,
  Mean: addFloats,
  Sub: subFloats,
  Mul: mulFloats,
  Div: divFloats,
  Max: maxFloats,
  Min: minFloats,
  Pow: powFloats,
  PRelu: preluFloats,
};

function lower(context: LowerContext): void {
  const { node, inputCount } = context;
  const power = node.op === 'Pow' ? singleExponent(context) : undefined;
  if (power === 2 || power === 3 || power === 0.5) {
    const x = floatInput(context, 0);
    floatOutput(context, 0, (to) => {
      if (power === 2) combineViews(context, mulFloats, [x, x], to);
      else applyToView(context, { kernel: power === 3 ? cubeFloats : rootFloats }, expanded(x, to.dims), to);
    });
    return;
  }
  const inputs = Array.from({ length: inputCount }, (_, i) => exponentOr(context, i));
  floatOutput(context, 0, (to) => {
    const kernel = kernels[node.op]!;
    const [first, ...others] = inputs as [View, ...View[]];
    if (others.length === 0) moveView(context, expanded(first, to.dims), to);
    // From the left: what there is so far lies in the target.
    for (const [i, right] of others.entries())
      combineViews(context, kernel, [i === 0 ? first : to, right], to);
    if (node.op === 'Mean' && inputCount > 1)
      combineViews(context, divFloats, [to, single(context, inputCount)], to);
  });
}

function single(context: LowerContext, value: number): View {
  return constantView(context, Tensor.of('float32', [], Float32Array.of(value)));
}

/** What all exponents are. */
function singleExponent(context: LowerContext): number | undefined {
  const exponent = context.constant(1);
  if (exponent === undefined || context.inputQuant(1) !== undefined) return undefined;
  const [first, ...others] = exponent.toNumbers();
  return others.every((y) => y === first) ? first : undefined;
}

/** Exponents may be whole numbers; float32 must hold them. */
function exponentOr(context: LowerContext, index: number): View {
  const tensor = context.constant(index);
  if (context.node.op !== 'Pow' || index === 0 || tensor === undefined || tensor.dtype === 'float32')
    return floatInput(context, index);
  if (context.inputQuant(index) !== undefined) return floatInput(context, index);
  const values = tensor.toNumbers();
  if (!values.every((v) => Math.fround(v) === v)) context.refuse('there is no kernel for its exponents');
  return constantView(context, Tensor.of('float32', tensor.dims, Float32Array.from(values)));
}

export const elementwiseLowerings: readonly Lowering[] = Object.keys(kernels).map((op) => ({ op, lower }));

/** Codes with constants of one element. */
export const elementwiseTables: readonly Lowering[] = Object.keys(kernels).map(tableLowering);
