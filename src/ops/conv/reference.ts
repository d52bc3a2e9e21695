/** Conv and ConvTranspose in floats: sums in doubles (weighted-sums.ts), rounded once to the dtype. */
import { elementCount } from '../../base/integer.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import type { EvaluateContext, Reference } from '../contract.ts';
import type { WindowGeometry } from '../conv-geometry.ts';
import { convGeometry, convTransposeGeometry } from '../conv-geometry.ts';
import { boundedCount, cannotEvaluate, inputAt } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { realsOf, roundReals } from '../reals.ts';
import type { Taps } from './taps.ts';
import { convTaps, transposedTaps } from './taps.ts';
import { weightedSums } from './weighted-sums.ts';

interface Operands {
  readonly node: Node;
  readonly data: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
}

function operandsOf(context: EvaluateContext): Operands {
  const { node } = context;
  const [data, weight, bias] = [inputAt(context, 0), inputAt(context, 1), context.inputs[2]];
  if (data.dims.length < 3 || data.dims.length !== weight.dims.length)
    throw impossible(node, `data [${data.dims.join(',')}] and weight [${weight.dims.join(',')}] do not fit`);
  if ([weight, bias].some((t) => t !== undefined && t.dtype !== data.dtype))
    throw impossible(node, 'data, weight and bias have several dtypes');
  return { node, data, weight, bias };
}

/** What the shapes must be for the sums not to leave the arrays. */
function checkFit(
  { node, data, weight, bias }: Operands,
  geometry: WindowGeometry,
  channels: { readonly input: number; readonly output: number },
): void {
  const fits =
    data.dims[1] === channels.input &&
    (bias === undefined || (bias.dims.length === 1 && bias.size === channels.output)) &&
    geometry.kernel.every((k, i) => k === weight.dims[i + 2]);
  if (!fits)
    throw impossible(
      node,
      `data [${data.dims.join(',')}] and weight [${weight.dims.join(',')}] do not fit kernel [${geometry.kernel.join(',')}], ${geometry.group} groups`,
    );
}

function spatialOutput(node: Node, geometry: WindowGeometry): readonly number[] {
  if (geometry.pads === undefined || !geometry.output.every((d) => typeof d === 'number'))
    throw cannotEvaluate(node, 'ONNX and onnxruntime differ on the size of this output');
  return geometry.output as readonly number[];
}

export const referenceConv: Reference = (context) => {
  const operands = operandsOf(context);
  const { node, data, weight } = operands;
  const geometry = convGeometry(node, data.dims, weight.dims)!;
  const { group } = geometry;
  const [outputs, inputs] = [weight.dims[0]!, weight.dims[1]!];
  checkFit(operands, geometry, { input: inputs * group, output: outputs });
  if (outputs % group !== 0) throw impossible(node, `${outputs} filters do not split into ${group} groups`);
  const sizes = { input: data.dims.slice(2), output: spatialOutput(node, geometry) };
  const kernel = elementCount(geometry.kernel);
  return computed(operands, sizes, {
    group,
    inputs,
    outputs: outputs / group,
    weightStrides: {
      group: (outputs / group) * inputs * kernel,
      output: inputs * kernel,
      input: kernel,
    },
    taps: convTaps(node, geometry, sizes),
  });
};

export const referenceConvTranspose: Reference = (context) => {
  const operands = operandsOf(context);
  const { node, data, weight } = operands;
  const geometry = convTransposeGeometry(node, data.dims, weight.dims)!;
  const { group } = geometry;
  const [inputs, outputs] = [weight.dims[0]!, weight.dims[1]!];
  checkFit(operands, geometry, { input: inputs, output: outputs * group });
  if (inputs % group !== 0) throw impossible(node, `${inputs} channels do not split into ${group} groups`);
  const sizes = { input: data.dims.slice(2), output: spatialOutput(node, geometry) };
  const kernel = elementCount(geometry.kernel);
  return computed(operands, sizes, {
    group,
    inputs: inputs / group,
    outputs,
    weightStrides: {
      group: (inputs / group) * outputs * kernel,
      output: kernel,
      input: outputs * kernel,
    },
    taps: transposedTaps(node, geometry, sizes),
  });
};

interface Layout {
  readonly group: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly weightStrides: { readonly group: number; readonly output: number; readonly input: number };
  readonly taps: Taps;
}

function computed(
  { node, data, weight, bias }: Operands,
  sizes: { readonly input: readonly number[]; readonly output: readonly number[] },
  layout: Layout,
): readonly Tensor[] {
  const dims = [data.dims[0]!, layout.group * layout.outputs, ...sizes.output];
  boundedCount(node, dims);
  const sums = weightedSums({
    ...layout,
    data: realsOf(node, data),
    weight: realsOf(node, weight),
    bias: bias && realsOf(node, bias),
    batch: dims[0]!,
    inputPlane: elementCount(sizes.input),
    outputPlane: elementCount(sizes.output),
  });
  return [roundReals(node, data.dtype, dims, sums)];
}
