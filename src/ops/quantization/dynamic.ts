/** DynamicQuantizeLinear: the range of all values, widened to hold 0, in 255 steps. */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import { Tensor } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import { boundedCount, cannotEvaluate, inputAt } from '../elements.ts';

/** Codes, their scale and their zero point. Values without a code (NaN, infinities) are refused. */
export const referenceDynamicQuantize: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  if (x.dtype !== 'float32') throw cannotEvaluate(node, `${x.dtype} is not quantized here`);
  const data = x.data('float32');
  let [low, high] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) throw cannotEvaluate(node, `${value} has no code`);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // Of nothing but zeros any scale will do; onnxruntime takes 1.
  const scale = high === low ? 1 : Math.fround(Math.fround(high - low) / 255);
  const zero = clamp(roundHalfEven(Math.fround(-low / scale)), 0, 255);
  const codes = new Uint8Array(boundedCount(node, x.dims));
  for (let i = 0; i < codes.length; i++)
    codes[i] = clamp(roundHalfEven(Math.fround(data[i]! / scale)) + zero, 0, 255);
  return [
    Tensor.of('uint8', x.dims, codes),
    Tensor.from('float32', [], [scale]),
    Tensor.from('uint8', [], [zero]),
  ];
};
