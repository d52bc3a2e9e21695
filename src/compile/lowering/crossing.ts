/** QuantizeLinear and DequantizeLinear: between float32 and codes, and from codes to codes. */
import type { Tensor } from '../../ir/index.ts';
import { dequantizeTensor } from '../../ops/crossings.ts';
import { moveView } from './crossing-views.ts';
import { denseStrides } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';

function cross(context: LowerContext): void {
  const quant = context.inputQuant(0);
  const constant = context.constant(0);
  // Weights of any integer type and with a scale a channel: what they stand for is known now.
  const from =
    quant !== undefined && constant !== undefined && context.outputQuant(0) === undefined
      ? constantView(context, dequantizeTensor(context.node, constant, quant))
      : context.input(0);
  moveView(context, from, context.output(0));
}

/** Dense float32 among the constants. */
export function constantView(context: LowerContext, tensor: Tensor): View {
  const values = tensor.toFloat32();
  return {
    at: context.constants(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 16),
    dims: tensor.dims,
    strides: denseStrides(tensor.dims, 4),
    element: 'f32',
    codes: undefined,
  };
}

export const crossingLowerings: readonly Lowering[] = [
  { op: 'QuantizeLinear', lower: cross },
  { op: 'DequantizeLinear', lower: cross },
];
