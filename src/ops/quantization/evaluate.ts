/** QuantizeLinear and DequantizeLinear in float32, per tensor, per axis and per block. */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr, isQuantizedDType, quantizedRanges } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import { stridesOf } from '../broadcast.ts';
import type { EvaluateContext } from '../contract.ts';
import { cannotEvaluate, inputAt, makeNumbers, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

/** Which entry of the scale each element of the data has. */
function scaleIndex(node: Node, data: Tensor, scale: Tensor): (i: number) => number {
  if (scale.size === 1 && scale.dims.length <= 1) return () => 0;
  const axis = normalizeAxis(intAttr(node, 'axis', 1), data.dims.length, node);
  const block = intAttr(node, 'block_size', 0);
  const inner = stridesOf(data.dims)[axis]!;
  const size = data.dims[axis]!;
  if (block === 0) {
    if (scale.size !== size) throw impossible(node, `${scale.size} scales for axis ${axis} of size ${size}`);
    return (i) => Math.floor(i / inner) % size;
  }
  const blocks = Math.ceil(size / block);
  const expected = data.dims.with(axis, blocks);
  if (block < 0 || expected.some((d, i) => d !== scale.dims[i]))
    throw impossible(node, `scales [${scale.dims.join(',')}] do not fit blocks of ${block}`);
  return (i) => {
    const along = Math.floor(i / inner) % size;
    const outer = Math.floor(i / (inner * size));
    return (outer * blocks + Math.floor(along / block)) * inner + (i % inner);
  };
}

/** saturate(round_half_even(x / scale) + zero_point); the division rounds to float32. */
export function evaluateQuantize(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const [x, scale, zero] = [inputAt(context, 0), inputAt(context, 1), inputs[2]];
  if (scale.dtype !== 'float32') throw cannotEvaluate(node, `scales of ${scale.dtype} are not computed here`);
  const stated = intAttr(node, 'output_dtype', 0);
  const dtype: DType | undefined = zero?.dtype ?? (stated === 0 ? 'uint8' : dtypeFromOnnx(stated));
  if (dtype === undefined || !isQuantizedDType(dtype) || dtype === 'int4' || dtype === 'uint4')
    throw cannotEvaluate(node, `codes of ${dtype} are not computed here`);
  const { min, max } = quantizedRanges[dtype];
  const place = scaleIndex(node, x, scale);
  const [data, scales] = [x.toFloat32(), scale.toFloat32()];
  const zeros = zero && numbersOf(zero);
  return [
    makeNumbers(node, dtype, x.dims, (i) => {
      if (Number.isNaN(data[i]!)) throw cannotEvaluate(node, 'NaN has no code');
      const at = place(i);
      const steps = roundHalfEven(Math.fround(data[i]! / scales[at]!));
      return clamp(steps + (zeros?.[at] ?? 0), min, max);
    }),
  ];
}

/** (q - zero_point) * scale, rounded to float32 once the difference is. */
export function evaluateDequantize(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const [q, scale, zero] = [inputAt(context, 0), inputAt(context, 1), inputs[2]];
  const stated = intAttr(node, 'output_dtype', 0);
  if (scale.dtype !== 'float32' || (stated !== 0 && stated !== 1))
    throw cannotEvaluate(node, `scales of ${scale.dtype} are not computed here`);
  const place = scaleIndex(node, q, scale);
  const [data, scales] = [numbersOf(q), scale.toFloat32()];
  const zeros = zero && numbersOf(zero);
  return [
    makeNumbers(node, 'float32', q.dims, (i) => {
      const at = place(i);
      return Math.fround(data[i]! - (zeros?.[at] ?? 0)) * scales[at]!;
    }),
  ];
}
