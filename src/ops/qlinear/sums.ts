/** ConvInteger and MatMulInteger: the exact sums of products, as int32. */
import type { Node } from '../../ir/index.ts';
import { Tensor } from '../../ir/index.ts';
import { broadcastIndex } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import { referenceConv } from '../conv/reference.ts';
import { cannotEvaluate, inputAt, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { checkSums } from '../integer/linear.ts';
import { referenceMatMul } from '../matmul/reference.ts';

/** x - zero point as float64; a list of zero points lies along `axis` of x, others broadcast. */
function centeredBy(node: Node, x: Tensor, zero: Tensor | undefined, axis: number): Tensor {
  if (x.dtype !== 'uint8' && x.dtype !== 'int8')
    throw cannotEvaluate(node, `${x.dtype} is not multiplied here`);
  const values = Float64Array.from(numbersOf(x));
  if (zero !== undefined) {
    const zeros = numbersOf(zero);
    const rank = x.dims.length;
    const dims = zero.dims.length === 1 ? x.dims.map((_, i) => (i === axis ? zero.size : 1)) : zero.dims;
    const fits = dims.length <= rank && dims.every((d, i) => d === 1 || d === x.dims[rank - dims.length + i]);
    if (zero.size !== 1 && !fits) throw impossible(node, `zero points [${zero.dims.join(',')}] do not fit`);
    const places = zero.size === 1 ? undefined : broadcastIndex(dims, x.dims);
    for (let i = 0; i < values.length; i++) values[i]! -= zeros[places?.[i] ?? 0]!;
  }
  return Tensor.of('float64', x.dims, values);
}

function sums(operator: Reference, axes: (rank: number) => readonly [number, number]): Reference {
  return (context) => {
    const { node, inputs } = context;
    const pair = [inputAt(context, 0), inputAt(context, 1)].map((x, i) =>
      centeredBy(node, x, inputs[2 + i], axes(x.dims.length)[i]!),
    );
    const [made] = operator({ ...context, inputs: pair });
    const values = made!.data('float64');
    checkSums(node, values);
    return [Tensor.of('int32', made!.dims, Int32Array.from(values))];
  };
}

/** Zero points of the weight one a filter. */
export const referenceConvInteger = sums(referenceConv, () => [-1, 0]);
/** Zero points of A one a row, of B one a column. */
export const referenceMatMulInteger = sums(referenceMatMul, (rank) => [rank - 2, rank - 1]);
