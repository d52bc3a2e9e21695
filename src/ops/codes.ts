/** Operators on codes: their own integer arithmetic where a contract has one, else by way of float. */
import { clamp, roundHalfEven } from '../base/integer.ts';
import type { Node, QuantParams, Tensor } from '../ir/index.ts';
import { quantizedRanges } from '../ir/index.ts';
import { normalizeAxis } from './axes.ts';
import { stridesOf } from './broadcast.ts';
import type { CodesContext, Reference } from './contract.ts';
import { contractOf } from './contracts.ts';
import { cannotEvaluate, makeNumbers, numbersOf } from './elements.ts';

/** Index of the scale of each element. */
function slotOf(node: Node, quant: QuantParams, dims: readonly number[]): (i: number) => number {
  if (quant.axis === undefined) return () => 0;
  const axis = normalizeAxis(quant.axis, dims.length, node);
  const inner = stridesOf(dims)[axis]!;
  const size = dims[axis]!;
  if (quant.block !== undefined || quant.scales.length !== size)
    throw cannotEvaluate(
      node,
      `${quant.scales.length} scales for axis ${axis} of size ${size} are not computed`,
    );
  return (i) => Math.floor(i / inner) % size;
}

/** saturate(round_half_even(f32(x / scale)) + zero_point); NaN has no code and is refused. */
export function quantizeTensor(node: Node, x: Tensor, quant: QuantParams): Tensor {
  const { min, max } = quantizedRanges[quant.dtype];
  const data = x.toFloat32();
  const slot = slotOf(node, quant, x.dims);
  return makeNumbers(node, quant.dtype, x.dims, (i) => {
    if (Number.isNaN(data[i]!)) throw cannotEvaluate(node, 'NaN has no code');
    const at = slot(i);
    const steps = roundHalfEven(Math.fround(data[i]! / quant.scales[at]!));
    return clamp(steps + quant.zeroPoints[at]!, min, max);
  });
}

/** f32(f32(q - zero_point) * scale). */
export function dequantizeTensor(node: Node, codes: Tensor, quant: QuantParams): Tensor {
  const data = numbersOf(codes);
  const slot = slotOf(node, quant, codes.dims);
  return makeNumbers(node, 'float32', codes.dims, (i) => {
    const at = slot(i);
    return Math.fround(data[i]! - quant.zeroPoints[at]!) * quant.scales[at]!;
  });
}

/** What computes the operator on plain tensors. Throws UnsupportedError where nothing does. */
export function referenceOf(node: Node): Reference {
  const contract = contractOf(node);
  const reference = contract?.reference ?? contract?.evaluate;
  if (reference === undefined) throw cannotEvaluate(node, `the reference has no ${node.domain} ${node.op}`);
  return reference;
}

/** The true INT8 arithmetic of a node whose inputs or outputs are codes. */
export function referenceOnCodes(context: CodesContext): readonly Tensor[] {
  const own = contractOf(context.node)?.codes;
  return own === undefined ? throughFloat(context) : own(context);
}

/** Fake quantization: real numbers behind the codes, the float operator, and its results rounded to codes. */
export function throughFloat(context: CodesContext): readonly Tensor[] {
  const { node, inputQuant, outputQuant } = context;
  const inputs = context.inputs.map((tensor, i) => {
    const quant = inputQuant[i];
    return tensor === undefined || quant === undefined ? tensor : dequantizeTensor(node, tensor, quant);
  });
  const crossing = node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear';
  const outputs = crossing ? [inputs[0]!] : referenceOf(node)({ ...context, inputs });
  return outputs.map((tensor, i) => {
    const quant = outputQuant[i];
    return quant === undefined ? tensor : quantizeTensor(node, tensor, quant);
  });
}
