/** Operators of detection and sampling heads, and a few that stand alone. */
import type { Shape } from '../../ir/index.ts';
import { intAttr, intsAttr } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../axes.ts';
import { shapeFromInput } from '../constant/index.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { divDims, productOf } from '../dims.ts';
import { atLeastRank, dtypeAt, output, shapeAt } from '../infer-readers.ts';

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

/** theta [N, 2, 3] or [N, 3, 4] and a size [N, C, ...spatial] give [N, ...spatial, 2 or 3]. */
function gridShape(context: InferContext): Shape | undefined {
  const size = shapeFromInput(context, 1);
  return size && [size[0] ?? null, ...size.slice(2), size.length - 2];
}

/** Columns [N, C * product of block, L] summed into images [N, C, ...image]. */
function imageShape(context: InferContext): Shape | undefined {
  const columns = atLeastRank(context.node, shapeAt(context, 0), 3);
  const image = shapeFromInput(context, 1);
  const block = context.shapeValue(2);
  const channels = block === undefined ? null : divDims(columns?.[1] ?? null, productOf(block));
  return image && [columns?.[0] ?? null, channels, ...image];
}

function croppedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return undefined;
  const axes = normalizeAxes(intsAttr(node, 'axes') ?? [...data.keys()], data.length, node);
  const sizes = shapeFromInput(context, 1);
  const result = [...data];
  for (const [i, axis] of axes.entries()) result[axis] = sizes?.[i] ?? null;
  return result;
}

export const detectionContracts: readonly OperatorContract[] = [
  {
    op: 'NonMaxSuppression',
    infer: () => [output('int64', [null, 3])],
  },
  {
    op: 'RoiAlign',
    infer: (context) => [output(dtypeAt(context, 0), alignedShape(context))],
  },
  { op: 'GridSample', infer: (context) => [output(dtypeAt(context, 0), sampledShape(context))] },
  { op: 'AffineGrid', infer: (context) => [output(dtypeAt(context, 0), gridShape(context))] },
  {
    op: 'Col2Im',
    infer: (context) => [output(dtypeAt(context, 0), imageShape(context))],
  },
  {
    op: 'CenterCropPad',
    infer: (context) => [output(dtypeAt(context, 0), croppedShape(context))],
  },
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
