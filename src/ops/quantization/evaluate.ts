/** QuantizeLinear and DequantizeLinear in all their types, per tensor, per axis and per block. */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import {
  bfloat16ToNumber,
  float16ToNumber,
  numberToBfloat16,
  numberToFloat16,
} from '../../ir/float-formats.ts';
import type { DType, Node } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr, isQuantizedDType, quantizedRanges, Tensor } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import { stridesOf } from '../broadcast.ts';
import type { EvaluateContext } from '../contract.ts';
import { roomForCodes, tensorOfCodes } from '../crossings.ts';
import { boundedCount, cannotEvaluate, inputAt, isFloat, makeNumbers, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { type SmallFloat, smallFloat } from './small-floats.ts';

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

/** A number rounded to a float dtype. */
function rounderOf(node: Node, dtype: DType | undefined): (x: number) => number {
  switch (dtype) {
    case 'float32':
      return Math.fround;
    case 'float16':
      return (x) => float16ToNumber(numberToFloat16(x));
    case 'bfloat16':
      return (x) => bfloat16ToNumber(numberToBfloat16(x));
    case 'float64':
      return (x) => x;
    default:
      throw cannotEvaluate(node, `${dtype} is not computed here`);
  }
}

/**
 * saturate(round_half_even(x / scale) + zero_point); the division rounds to `precision`, which is the scale's type. Of 8-bit
 * floats the quotient is rounded to the format, without zero points other than 0.
 */
export function evaluateQuantize(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const [x, scale, zero] = [inputAt(context, 0), inputAt(context, 1), inputs[2]];
  const precision = intAttr(node, 'precision', 0);
  const round = rounderOf(node, precision === 0 ? scale.dtype : dtypeFromOnnx(precision));
  const stated = intAttr(node, 'output_dtype', 0);
  const dtype: DType | undefined = zero?.dtype ?? (stated === 0 ? 'uint8' : dtypeFromOnnx(stated));
  if (!isFloat(x.dtype) && x.dtype !== 'int32')
    throw cannotEvaluate(node, `${x.dtype} is not quantized here`);
  const place = scaleIndex(node, x, scale);
  const [data, scales] = [numbersOf(x), numbersOf(scale)];
  const quotient = (i: number): number => {
    const steps = round(data[i]! / scales[place(i)]!);
    if (Number.isNaN(steps)) throw cannotEvaluate(node, 'NaN has no code');
    return steps;
  };
  const small = dtype && smallFloat(dtype);
  if (dtype !== undefined && small !== undefined)
    return [quantizedToFloat(context, x, { dtype, ...small }, quotient)];
  if (dtype === undefined || !isQuantizedDType(dtype))
    throw cannotEvaluate(node, `codes of ${dtype} are not computed here`);
  const { min, max } = quantizedRanges[dtype];
  const zeros = zero && numbersOf(zero);
  const codes = roomForCodes(node, dtype, x.dims);
  for (let i = 0; i < codes.length; i++)
    codes[i] = clamp(roundHalfEven(quotient(i)) + (zeros?.[place(i)] ?? 0), min, max);
  return [tensorOfCodes(dtype, x.dims, codes)];
}

function quantizedToFloat(
  { node, inputs }: EvaluateContext,
  x: Tensor,
  { dtype, encode }: SmallFloat & { readonly dtype: DType },
  quotient: (i: number) => number,
): Tensor {
  if (inputs[2]?.bytes().some((byte) => byte !== 0))
    throw cannotEvaluate(node, 'zero points of 8-bit floats other than 0 are not computed');
  const saturate = intAttr(node, 'saturate', 1) !== 0;
  const bytes = new Uint8Array(boundedCount(node, x.dims));
  for (let i = 0; i < bytes.length; i++) bytes[i] = encode(quotient(i), saturate);
  return Tensor.lazy(dtype, x.dims, () => bytes);
}

/** (q - zero_point) * scale: the difference is rounded to float32, then the product to the type of the result. */
export function evaluateDequantize(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const [q, scale, zero] = [inputAt(context, 0), inputAt(context, 1), inputs[2]];
  const stated = intAttr(node, 'output_dtype', 0);
  const dtype = stated === 0 ? scale.dtype : dtypeFromOnnx(stated);
  const round = rounderOf(node, dtype);
  const place = scaleIndex(node, q, scale);
  const scales = numbersOf(scale);
  const data = codesOf(q);
  const zeros = zero && codesOf(zero);
  return [
    makeNumbers(node, dtype!, q.dims, (i) => {
      const at = place(i);
      return round(Math.fround(data[i]! - (zeros?.[at] ?? 0)) * scales[at]!);
    }),
  ];
}

/** Codes of any type as the numbers they are. */
function codesOf(tensor: Tensor): ArrayLike<number> {
  const small = smallFloat(tensor.dtype);
  if (small === undefined) return numbersOf(tensor);
  return Float64Array.from(tensor.bytes(), (byte) => small.numbers[byte]!);
}
