/** Operators of detection and sampling heads, and a few that stand alone: shapes only. */
import type { Shape } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { atLeastRank, dtypeAt, output, sameAsFirst, shapeAt } from '../infer-readers.ts';

function alignedShape(context: InferContext): Shape {
  const { node } = context;
  const data = atLeastRank(node, shapeAt(context, 0), 4);
  const size = [intAttr(node, 'output_height', 1), intAttr(node, 'output_width', 1)];
  return [shapeAt(context, 1)?.[0] ?? null, data?.[1] ?? null, ...size];
}

/** [N, C, ...the grid's spatial sizes]. */
function sampledShape(context: InferContext): Shape | undefined {
  const data = atLeastRank(context.node, shapeAt(context, 0), 3);
  const grid = shapeAt(context, 1);
  return data && grid && [...data.slice(0, 2), ...grid.slice(1, -1)];
}

export const detectionContracts: readonly OperatorContract[] = [
  { op: 'NonMaxSuppression', infer: () => [output('int64', [null, 3])] },
  { op: 'RoiAlign', infer: (context) => [output(dtypeAt(context, 0), alignedShape(context))] },
  { op: 'GridSample', infer: (context) => [output(dtypeAt(context, 0), sampledShape(context))] },
  { op: 'RotaryEmbedding', infer: sameAsFirst },
  {
    op: 'Det',
    infer: (context) => [
      output(dtypeAt(context, 0), atLeastRank(context.node, shapeAt(context, 0), 2)?.slice(0, -2)),
    ],
  },
  {
    op: 'Unique',
    infer: (context) => {
      const unknown = output('int64', [null]);
      const axis = intAttr(context.node, 'axis');
      const data = shapeAt(context, 0);
      const shape =
        axis === undefined ? [null] : data?.with(normalizeAxis(axis, data.length, context.node), null);
      return [output(dtypeAt(context, 0), shape), unknown, unknown, unknown];
    },
  },
];
