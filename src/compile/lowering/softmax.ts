/** Softmax and LogSoftmax along one axis; of codes by way of floats. */
import { elementCount } from '../../base/integer.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../../ops/axes.ts';
import { logSoftmax, softmax } from '../kernels/softmax.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { groupsAlong, loopsAround, makeGroups } from './groups.ts';
import { rowsOf } from './loops.ts';
import type { LowerContext, Lowering } from './lowering.ts';

function lower(context: LowerContext): void {
  const { node, opset } = context;
  const from = floatInput(context, 0);
  const { dims } = from;
  const flattens = opset < 13;
  const first = intAttr(node, 'axis', flattens ? 1 : -1);
  const axis = dims.length === 0 ? 0 : normalizeAxis(first, dims.length, node, flattens ? 'end' : 'inside');
  // Before opset 13 the axis and all behind it are one.
  const along = flattens ? [...dims.keys()].slice(axis) : dims.length === 0 ? [] : [axis];
  if (elementCount(dims) === 0) return;
  floatOutput(context, 0, (to) =>
    makeGroups(context, to, along, (target, targetStep) => {
      const source = groupsAlong(context, from, along);
      const views = [source.view, target];
      for (const { params, units } of rowsOf(
        ['source', 'target'],
        views,
        loopsAround(dims, views, along, 1),
      )) {
        const fields = { ...params, count: source.count, sourceStep: source.step, targetStep };
        if (node.op === 'LogSoftmax') context.call(logSoftmax, fields, units);
        else context.call(softmax, { ...fields, powers: context.scratch(units * source.count * 8) }, units);
      }
    }),
  );
}

export const softmaxLowerings: readonly Lowering[] = [
  { op: 'Softmax', lower },
  { op: 'LogSoftmax', lower },
];
