/** A function of one float applied to every element of a view. */
import { elementCount } from '../../base/integer.ts';
import type { FunctionKernel } from '../kernels/float-functions.ts';
import { alongRows } from './crossing-views.ts';
import { rowsOf } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';

export interface Applied {
  readonly kernel: FunctionKernel;
  readonly alpha?: number;
  readonly beta?: number;
}

export function applyToView(
  context: LowerContext,
  { kernel, alpha = 0, beta = 0 }: Applied,
  from: View,
  to: View,
): void {
  if (Number.isNaN(alpha) || Number.isNaN(beta))
    context.refuse('there is no kernel for attributes that are NaN');
  if (elementCount(to.dims) === 0) return;
  const { outer, row } = alongRows(to.dims, [from, to], 1, (l) => l.steps.every((s) => s === 4));
  const [sourceStep, targetStep] = row.steps as [number, number];
  for (const { params, units } of rowsOf(['source', 'target'], [from, to], outer))
    context.call(kernel, { ...params, count: row.size, sourceStep, targetStep, alpha, beta }, units);
}
