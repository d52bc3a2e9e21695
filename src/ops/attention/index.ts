/** Attention as one operator (opset 23), and what goes with it in exported transformers: shapes only. */
import type { Dim, Shape } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import type { InferContext, InferTypes, OperatorContract } from '../contract.ts';
import { addDims, divDims, mulDims } from '../dims.ts';
import { dtypeAt, impossible, output, sameAsFirst, shapeAt } from '../infer-readers.ts';

/** Sizes of Q, K or V: [batch, heads, length, width], or [batch, length, heads * width] with the heads stated. */
interface Heads {
  readonly heads: Dim;
  readonly length: Dim;
  readonly width: Dim;
}

function headsOf(context: InferContext, index: number, attribute: string): Heads | undefined {
  const shape = shapeAt(context, index);
  if (shape === undefined) return undefined;
  const [, second, third, last] = shape as readonly [Dim, Dim, Dim, Dim?];
  if (shape.length === 4) return { heads: second, length: third, width: last! };
  const heads = intAttr(context.node, attribute, 0);
  if (shape.length !== 3 || heads < 1)
    throw impossible(context.node, `input ${index} is [${shape.join(',')}] with ${heads} ${attribute}`);
  return { heads, length: second, width: divDims(third, heads) };
}

/** Y, the keys and values with those of before in front, and the scores. */
const attention: InferTypes = (context) => {
  const query = headsOf(context, 0, 'q_num_heads');
  const key = headsOf(context, 1, 'kv_num_heads');
  const value = headsOf(context, 2, 'kv_num_heads');
  const batch: Dim = shapeAt(context, 0)?.[0] ?? null;
  const [past, pastValue] = [4, 5].map((i) =>
    (context.node.inputs[i] ?? '') === '' ? 0 : pastLength(context, i),
  );
  const total = key && addDims(past!, key.length);
  const made: Shape | undefined =
    query && value && shapeAt(context, 0)?.length === 3
      ? [batch, query.length, mulDims(query.heads, value.width)]
      : query && value && [batch, query.heads, query.length, value.width];
  return [
    output(dtypeAt(context, 0), made),
    output(dtypeAt(context, 1), key && [batch, key.heads, total!, key.width]),
    output(
      dtypeAt(context, 2),
      value && [batch, value.heads, addDims(pastValue!, value.length), value.width],
    ),
    output(dtypeAt(context, 0), query && key && [batch, query.heads, query.length, total!]),
  ];
};

function pastLength(context: InferContext, index: number): Dim {
  return shapeAt(context, index)?.[2] ?? null;
}

export const attentionContracts: readonly OperatorContract[] = [
  { op: 'Attention', infer: attention },
  { op: 'RotaryEmbedding', infer: sameAsFirst },
  // The cache with some of its places overwritten.
  { op: 'TensorScatter', infer: sameAsFirst },
];
