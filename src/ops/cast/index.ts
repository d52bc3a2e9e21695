/** Conversions between element types. */
import type { DType } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import type { InferContext, InferValues, OperatorContract } from '../contract.ts';
import { inputAt } from '../elements.ts';
import { dtypeAt, impossible, output, shapeAt } from '../infer-readers.ts';
import { convert } from './convert.ts';

export function targetOf(node: InferContext['node']): DType {
  const dtype = dtypeFromOnnx(intAttr(node, 'to', 0));
  if (dtype === undefined) throw impossible(node, `'to' is ${intAttr(node, 'to')}, which is no type`);
  return dtype;
}

/** Sizes stay what they are under another integer type that holds them. */
const sameSizes: InferValues = (context) => {
  const to = context.node.op === 'Cast' ? targetOf(context.node) : dtypeAt(context, 1);
  return [to === 'int64' || to === 'int32' ? context.shapeValue(0) : undefined];
};

export const castContracts: readonly OperatorContract[] = [
  {
    op: 'Cast',
    infer: (context) => [output(targetOf(context.node), shapeAt(context, 0))],
    inferValues: sameSizes,
    evaluate: (context) => [convert(context.node, inputAt(context, 0), targetOf(context.node))],
  },
  {
    op: 'CastLike',
    infer: (context) => [output(dtypeAt(context, 1), shapeAt(context, 0))],
    inferValues: sameSizes,
    evaluate: (context) => [convert(context.node, inputAt(context, 0), inputAt(context, 1).dtype)],
  },
];
