/** Crossing between real numbers and codes. */
import type { DType } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import type { InferContext, OperatorContract } from '../contract.ts';
import { dtypeAt, output, shapeAt } from '../infer-readers.ts';
import { evaluateDequantize, evaluateQuantize } from './evaluate.ts';

/** The zero point's type, else output_dtype, else uint8. */
function codeDType(context: Pick<InferContext, 'node'>, zeroPoint: DType | undefined): DType | undefined {
  const stated = intAttr(context.node, 'output_dtype', 0);
  return zeroPoint ?? (stated === 0 ? 'uint8' : dtypeFromOnnx(stated));
}

function quantizedDType(context: InferContext): DType | undefined {
  const given = (context.node.inputs[2] ?? '') !== '';
  return given ? dtypeAt(context, 2) : codeDType(context, undefined);
}

function realDType(context: InferContext): DType | undefined {
  const stated = intAttr(context.node, 'output_dtype', 0);
  return stated === 0 ? dtypeAt(context, 1) : dtypeFromOnnx(stated);
}

export const quantizationContracts: readonly OperatorContract[] = [
  {
    op: 'QuantizeLinear',
    infer: (context) => [output(quantizedDType(context), shapeAt(context, 0))],
    evaluate: evaluateQuantize,
  },
  {
    op: 'DequantizeLinear',
    infer: (context) => [output(realDType(context), shapeAt(context, 0))],
    evaluate: evaluateDequantize,
  },
  {
    op: 'DynamicQuantizeLinear',
    infer: (context) => [output('uint8', shapeAt(context, 0)), output('float32', []), output('uint8', [])],
  },
];
