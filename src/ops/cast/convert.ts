/** Cast as ONNX defines it: floats round half to even, float to integer truncates, integers wrap. */
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { isNumericDType } from '../../ir/index.ts';
import { bigsOf, cannotEvaluate, isFloat, isWide, makeBigs, makeNumbers, numbersOf } from '../elements.ts';

/** The values an integer type holds, for floats on their way in: low <= x < high. */
const bounds: Partial<Record<DType, readonly [low: number, high: number]>> = {
  int8: [-128, 128],
  uint8: [0, 256],
  int16: [-32768, 32768],
  uint16: [0, 65536],
  int32: [-(2 ** 31), 2 ** 31],
  uint32: [0, 2 ** 32],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

/**
 * Throws UNSUPPORTED where the result is not defined (a float that the integer type does not hold, NaN) and
 * for strings, complex, 8-bit floats and packed targets.
 */
export function convert(node: Node, x: Tensor, to: DType): Tensor {
  if (x.dtype === to) return x;
  if (!isNumericDType(to)) throw cannotEvaluate(node, `a cast to ${to} is not computed ahead`);
  if (isWide(x.dtype)) return convertBigs(node, x, to);
  const data = numbersOf(x);
  if (to === 'bool') return makeNumbers(node, to, x.dims, (i) => (data[i] !== 0 ? 1 : 0));
  if (isFloat(to) || !isFloat(x.dtype)) {
    if (isWide(to)) return makeBigs(node, to, x.dims, (i) => BigInt(data[i]!));
    return makeNumbers(node, to, x.dims, (i) => data[i]!);
  }
  const [low, high] = bounds[to]!;
  const whole = (i: number): number => {
    const value = Math.trunc(data[i]!);
    if (!(value >= low && value < high))
      throw cannotEvaluate(node, `${data[i]} has no ${to} form that engines agree on`);
    return value;
  };
  if (isWide(to)) return makeBigs(node, to, x.dims, (i) => BigInt(whole(i)));
  return makeNumbers(node, to, x.dims, whole);
}

function convertBigs(node: Node, x: Tensor, to: DType): Tensor {
  const data = bigsOf(x);
  if (isWide(to)) return makeBigs(node, to, x.dims, (i) => data[i]!);
  if (to === 'bool') return makeNumbers(node, to, x.dims, (i) => (data[i] !== 0n ? 1 : 0));
  if (!isFloat(to)) return makeNumbers(node, to, x.dims, (i) => Number(BigInt.asIntN(32, data[i]!)));
  // Through a double the float would be rounded twice beyond 2^53; refused rather than almost right.
  return makeNumbers(node, to, x.dims, (i) => {
    const value = Number(data[i]!);
    if (to !== 'float64' && !Number.isSafeInteger(value))
      throw cannotEvaluate(node, `${data[i]} is rounded twice on its way to ${to}`);
    return value;
  });
}
