/** Values made from nothing, where `evaluate` leaves them to engines. */
import type { DType, Tensor } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import type { EvaluateContext, Reference } from '../contract.ts';
import { cannotEvaluate, inputAt, isFloat, isWide, makeBigs, makeNumbers, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

/** 1 on the diagonal `k` (above the main one where positive), 0 elsewhere, in the shape of a matrix. */
export const referenceEyeLike: Reference = (context) => {
  const { node } = context;
  const like = inputAt(context, 0);
  if (like.dims.length !== 2) throw impossible(node, `needs a matrix, not [${like.dims.join(',')}]`);
  const code = intAttr(node, 'dtype');
  const dtype: DType | undefined = code === undefined ? like.dtype : dtypeFromOnnx(code);
  if (dtype === undefined) throw impossible(node, `'dtype' is ${code}, which is no type`);
  const k = intAttr(node, 'k', 0);
  const columns = like.dims[1]!;
  const on = (i: number): boolean => (i % columns) - Math.floor(i / columns) === k;
  if (isWide(dtype)) return [makeBigs(node, dtype, like.dims, (i) => (on(i) ? 1n : 0n))];
  return [makeNumbers(node, dtype, like.dims, (i) => (on(i) ? 1 : 0))];
};

/** start + i delta of floats; the product and the sum are rounded to the dtype, each by itself. */
export function referenceRange(context: EvaluateContext, ofIntegers: () => Tensor): Tensor {
  const { node } = context;
  const inputs = [0, 1, 2].map((i) => inputAt(context, i));
  const { dtype } = inputs[0]!;
  if (!isFloat(dtype)) return ofIntegers();
  if (inputs.some((t) => t.size !== 1 || t.dtype !== dtype)) throw impossible(node, 'needs three scalars');
  if (dtype !== 'float32' && dtype !== 'float64')
    throw cannotEvaluate(node, `a range of ${dtype} is not computed`);
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const [start, limit, delta] = inputs.map((t) => numbersOf(t)[0]!) as [number, number, number];
  if (delta === 0) throw impossible(node, 'the step is 0');
  const count = Math.ceil(round(limit - start) / delta);
  if (!Number.isFinite(count)) throw impossible(node, `there is no way from ${start} to ${limit}`);
  return makeNumbers(node, dtype, [Math.max(0, count)], (i) => start + round(i * delta));
}
