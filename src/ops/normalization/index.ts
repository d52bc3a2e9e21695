/** Normalizations and softmaxes: the shape stays. */
import type { Dim } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { InferTypes, OperatorContract, QuantRule } from '../contract.ts';
import { atLeastRank, dtypeAt, output, sameAsFirst, shapeAt } from '../infer-readers.ts';

const ofData: QuantRule = { kind: 'arithmetic', data: [0] };

/** Y, and in training mode the running or saved mean and variance, one a channel. */
const batchNormalization: InferTypes = (context) => {
  const data = atLeastRank(context.node, shapeAt(context, 0), 2);
  const channels: Dim = data?.[1] ?? null;
  const statistic = output(dtypeAt(context, 3) ?? dtypeAt(context, 0), [channels]);
  return [output(dtypeAt(context, 0), data), ...context.node.outputs.slice(1).map(() => statistic)];
};

/** Y, Mean and InvStdDev; the statistics have size 1 from `axis` on, in stash_type. */
const layerNormalization: InferTypes = (context) => {
  const { node } = context;
  const data = shapeAt(context, 0);
  const axis = data && normalizeAxis(intAttr(node, 'axis', -1), data.length, node);
  const statistics = output(
    dtypeFromOnnx(intAttr(node, 'stash_type', 1)),
    data?.map((d, i) => (i < axis! ? d : 1)),
  );
  return [output(dtypeAt(context, 0), data), statistics, statistics];
};

/** Checks the axis and keeps the type. */
const alongAxis: InferTypes = (context) => {
  const data = shapeAt(context, 0);
  const fallback = context.opset >= 13 || context.node.op === 'LpNormalization' ? -1 : 1;
  if (data !== undefined && data.length > 0)
    normalizeAxis(intAttr(context.node, 'axis', fallback), data.length, context.node, 'end');
  return sameAsFirst(context);
};

export const normalizationContracts: readonly OperatorContract[] = [
  {
    op: 'BatchNormalization',
    infer: batchNormalization,
    quantize: ofData,
  },
  {
    op: 'LayerNormalization',
    infer: layerNormalization,
    quantize: ofData,
  },
  { op: 'RMSNormalization', infer: sameAsFirst, quantize: ofData },
  {
    op: 'InstanceNormalization',
    infer: sameAsFirst,
    quantize: ofData,
  },
  { op: 'GroupNormalization', infer: sameAsFirst, quantize: ofData },
  { op: 'LpNormalization', infer: alongAxis, quantize: ofData },
  {
    op: 'MeanVarianceNormalization',
    infer: sameAsFirst,
    quantize: ofData,
  },
  { op: 'LRN', infer: sameAsFirst, quantize: ofData },
  {
    op: 'Softmax',
    infer: alongAxis,
    quantize: { kind: 'arithmetic', data: [0], fixedOutput: [0, 1] },
  },
  { op: 'LogSoftmax', infer: alongAxis, quantize: ofData },
  {
    op: 'Hardmax',
    infer: alongAxis,
    quantize: { kind: 'arithmetic', data: [0], fixedOutput: [0, 1] },
  },
];
