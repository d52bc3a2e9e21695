/** Pools over windows and over the whole picture. */
import type { Shape } from '../../ir/index.ts';
import { shapeFromInput } from '../constant/index.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { convTransposeGeometry, poolGeometry } from '../conv-geometry.ts';
import { unknownDims } from '../dims.ts';
import { atLeastRank, dtypeAt, hasInput, output, shapeAt } from '../infer-readers.ts';

function windowed(context: InferContext): Shape | undefined {
  const data = atLeastRank(context.node, shapeAt(context, 0), 3);
  if (data === undefined) return undefined;
  const geometry = poolGeometry(context.node, data);
  return [...data.slice(0, 2), ...(geometry?.output ?? unknownDims(data.length - 2))];
}

function global(context: InferContext): Shape | undefined {
  const data = atLeastRank(context.node, shapeAt(context, 0), 2);
  return data && [...data.slice(0, 2), ...data.slice(2).map(() => 1)];
}

/** The size that is given, or the one that a window at every place of the pooled data covers. */
function unpooled(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = atLeastRank(node, shapeAt(context, 0), 3);
  if (hasInput(node, 2)) return shapeFromInput(context, 2);
  const geometry = data && convTransposeGeometry(node, data, undefined);
  return data && [...data.slice(0, 2), ...(geometry?.output ?? unknownDims(data.length - 2))];
}

export const poolContracts: readonly OperatorContract[] = [
  {
    op: 'MaxPool',
    infer: (context) => {
      const shape = windowed(context);
      return [output(dtypeAt(context, 0), shape), output('int64', shape)];
    },
    quantize: { kind: 'shared', data: [0], outputs: [0] },
  },
  {
    op: 'AveragePool',
    infer: (context) => [output(dtypeAt(context, 0), windowed(context))],
    quantize: { kind: 'arithmetic', data: [0] },
  },
  {
    op: 'LpPool',
    infer: (context) => [output(dtypeAt(context, 0), windowed(context))],
    quantize: { kind: 'arithmetic', data: [0] },
  },
  {
    op: 'MaxUnpool',
    infer: (context) => [output(dtypeAt(context, 0), unpooled(context))],
  },
  {
    op: 'GlobalMaxPool',
    infer: (context) => [output(dtypeAt(context, 0), global(context))],
    quantize: { kind: 'shared', data: [0] },
  },
  {
    op: 'GlobalAveragePool',
    infer: (context) => [output(dtypeAt(context, 0), global(context))],
    quantize: { kind: 'arithmetic', data: [0] },
  },
  {
    op: 'GlobalLpPool',
    infer: (context) => [output(dtypeAt(context, 0), global(context))],
    quantize: { kind: 'arithmetic', data: [0] },
  },
];
