/** Convolutions, float and integer. */
import type { DType, Shape } from '../../ir/index.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { convGeometry, convTransposeGeometry } from '../conv-geometry.ts';
import { mulDims, unknownDims } from '../dims.ts';
import { atLeastRank, dtypeAt, impossible, output, shapeAt } from '../infer-readers.ts';

/** [N, M, ...spatial] of a convolution whose weight is input `weightAt`. */
function convShape(context: InferContext, weightAt: number): Shape | undefined {
  const { node } = context;
  const data = atLeastRank(node, shapeAt(context, 0), 3);
  const weight = atLeastRank(node, shapeAt(context, weightAt), 3);
  if (data === undefined) return undefined;
  const geometry = convGeometry(node, data, weight);
  const channels = data[1]!;
  const perGroup = weight?.[1] ?? null;
  if (geometry && typeof channels === 'number' && typeof perGroup === 'number')
    if (channels !== perGroup * geometry.group)
      throw impossible(node, `${channels} channels do not fit a weight [${weight!.join(',')}]`);
  return [data[0]!, weight?.[0] ?? null, ...(geometry?.output ?? unknownDims(data.length - 2))];
}

function transposedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = atLeastRank(node, shapeAt(context, 0), 3);
  const weight = atLeastRank(node, shapeAt(context, 1), 3);
  if (data === undefined) return undefined;
  const geometry = convTransposeGeometry(node, data, weight);
  if (geometry === undefined) return [data[0]!, null, ...unknownDims(data.length - 2)];
  return [data[0]!, mulDims(weight?.[1] ?? null, geometry.group), ...geometry.output];
}

function conv(op: string, weightAt: number, dtype: (c: InferContext) => DType | undefined): OperatorContract {
  return { op, infer: (context) => [output(dtype(context), convShape(context, weightAt))] };
}

export const convContracts: readonly OperatorContract[] = [
  {
    ...conv('Conv', 1, (c) => dtypeAt(c, 0)),
    quantize: { kind: 'weighted', data: 0, weight: 1, bias: 2 },
  },
  {
    op: 'ConvTranspose',
    infer: (context) => [output(dtypeAt(context, 0), transposedShape(context))],
    quantize: { kind: 'weighted', data: 0, weight: 1, bias: 2 },
  },
  conv('DeformConv', 1, (c) => dtypeAt(c, 0)),
  conv('ConvInteger', 1, () => 'int32'),
  // The output is in the codes of y_zero_point.
  conv('QLinearConv', 3, (c) => dtypeAt(c, 7)),
];
