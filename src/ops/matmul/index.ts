/** Matrix products: MatMul, Gemm, Einsum and the integer forms. */
import type { Dim, Shape } from '../../ir/index.ts';
import { intAttr, stringAttr } from '../../ir/index.ts';
import { broadcastShapes } from '../broadcast.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { mergeDim } from '../dims.ts';
import { atLeastRank, dtypeAt, impossible, output, shapeAt } from '../infer-readers.ts';
import { einsumShape } from './einsum.ts';

/** numpy.matmul: the last two axes multiply, those before broadcast, a 1-d operand loses its axis again. */
function productShape(context: InferContext, rightAt: number): Shape | undefined {
  const { node } = context;
  const left = atLeastRank(node, shapeAt(context, 0), 1);
  const right = atLeastRank(node, shapeAt(context, rightAt), 1);
  if (left === undefined || right === undefined) return undefined;
  const inner = mergeDim(left[left.length - 1]!, right[Math.max(0, right.length - 2)]!);
  if (inner === undefined)
    throw impossible(node, `[${left.join(',')}] and [${right.join(',')}] do not multiply`);
  const batch = broadcastShapes(node, [left.slice(0, -2), right.slice(0, -2)]);
  const rows = left.length > 1 ? [left[left.length - 2]!] : [];
  const columns = right.length > 1 ? [right[right.length - 1]!] : [];
  return batch && [...batch, ...rows, ...columns];
}

function gemmShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const a = shapeAt(context, 0);
  const b = shapeAt(context, 1);
  for (const shape of [a, b])
    if (shape !== undefined && shape.length !== 2)
      throw impossible(node, `multiplies matrices, not [${shape.join(',')}]`);
  const [m, k1] = oriented(a, intAttr(node, 'transA', 0) !== 0);
  const [k2, n] = oriented(b, intAttr(node, 'transB', 0) !== 0);
  if (mergeDim(k1, k2) === undefined) throw impossible(node, `inner sizes ${k1} and ${k2} differ`);
  return [m, n];
}

function oriented(shape: Shape | undefined, transposed: boolean): readonly [Dim, Dim] {
  const [rows, columns] = [shape?.[0] ?? null, shape?.[1] ?? null];
  return transposed ? [columns, rows] : [rows, columns];
}

export const matmulContracts: readonly OperatorContract[] = [
  {
    op: 'MatMul',
    infer: (context) => [output(dtypeAt(context, 0), productShape(context, 1))],
    quantize: { kind: 'weighted', data: 0, weight: 1 },
  },
  {
    op: 'Gemm',
    infer: (context) => [output(dtypeAt(context, 0), gemmShape(context))],
    quantize: { kind: 'weighted', data: 0, weight: 1, bias: 2 },
  },
  { op: 'MatMulInteger', infer: (context) => [output('int32', productShape(context, 1))] },
  // The output is in the codes of y_zero_point.
  { op: 'QLinearMatMul', infer: (context) => [output(dtypeAt(context, 7), productShape(context, 3))] },
  {
    op: 'Einsum',
    infer: (context) => {
      const inputs = context.node.inputs.map((_, i) => shapeAt(context, i));
      const equation = stringAttr(context.node, 'equation', '');
      return [output(dtypeAt(context, 0), einsumShape(context.node, equation, inputs))];
    },
    quantize: { kind: 'arithmetic', data: 'all' },
  },
];
