/** Which of several weights is the same one in INT8: told by the cosine of a few elements. */
import { elementCount } from '../base/integer.ts';
import type { QuantParams, Tensor } from '../ir/index.ts';
import { isNumericDType } from '../ir/index.ts';
import { isDequantize, qlinearForm } from './qlinear-forms.ts';
import type { Skeleton, SkeletonOperator } from './skeleton.ts';

/** Elements looked at. */
const sampleSize = 4096;
/** Weights over this are not read for a guess. */
const mostBytes = 2 ** 26;

/** From -1 to 1; 0 where the two cannot be laid over each other. */
export function weightLikeness(
  [a, inA]: readonly [SkeletonOperator, Skeleton],
  [b, inB]: readonly [SkeletonOperator, Skeleton],
): number {
  const left = storedWeight(a, inA);
  const right = storedWeight(b, inB);
  if (left === undefined || right === undefined || !sameDims(left.tensor.dims, right.tensor.dims)) return 0;
  const size = elementCount(left.tensor.dims);
  const step = Math.max(1, Math.floor(size / sampleSize));
  const [x, y] = [elementAt(left), elementAt(right)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < size; i += step) {
    const [p, q] = [x(i), y(i)];
    xy += p * q;
    xx += p * p;
    yy += q * q;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** Sizes, those of 1 left out: a 1x1 Conv and a Gemm may hold the same. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  const [left, right] = [a, b].map((dims) => dims.filter((d) => d !== 1));
  return left!.length === right!.length && left!.every((d, i) => d === right![i]);
}

interface StoredWeight {
  readonly tensor: Tensor;
  readonly quant: QuantParams | undefined;
}

function storedWeight({ node, weight }: SkeletonOperator, { graph }: Skeleton): StoredWeight | undefined {
  const tensor = weight === undefined ? undefined : graph.stored(weight);
  if (tensor === undefined || tensor.byteLength > mostBytes || !isNumericDType(tensor.dtype))
    return undefined;
  const maker = graph.maker(weight!);
  const crossing = maker !== undefined && isDequantize(maker) ? maker : undefined;
  if (crossing !== undefined) return { tensor, quant: graph.statedBy(crossing) };
  // QLinear operators: the scale is the input behind the weight. Its direction is what counts here, not its size.
  const at = qlinearForm(node)?.weight;
  const zero = at === undefined ? undefined : graph.stored(node.inputs[at + 2] ?? '');
  if (zero === undefined || zero.size !== 1 || tensor.dtype !== 'uint8') return { tensor, quant: undefined };
  const zeroPoint = zero.toNumbers()[0] as QuantParams['zeroPoints'][number];
  const scale = 1 as QuantParams['scales'][number];
  return { tensor, quant: { dtype: 'uint8', scales: [scale], zeroPoints: [zeroPoint] } };
}

function elementAt({ tensor, quant }: StoredWeight): (i: number) => number {
  const values = tensor.toNumbers();
  // A stored float in front of a fake quantization is the weight itself.
  if (quant === undefined || tensor.dtype.startsWith('float')) return (i) => values[i]!;
  const axis = quant.axis ?? 0;
  const stride = elementCount(tensor.dims.slice((axis < 0 ? axis + tensor.dims.length : axis) + 1));
  const channels = quant.scales.length;
  return (i) => {
    const c = channels === 1 ? 0 : Math.floor(i / stride) % channels;
    return (values[i]! - quant.zeroPoints[c]!) * quant.scales[c]!;
  };
}
