/**
 * A 1x1 Conv on a 1x1 image, flattened behind, is a Gemm. Classifiers end so (MobileNetV2: 1280 -> 1000). A Gemm may
 * leave its sums in float where a Conv must round them to 8 bits, which makes ties of close classes.
 */
import type { Draft, Node, Shape } from '../ir/index.ts';
import { attr, attributes, intAttr, intsAttr, isOnnxDomain, opsetOf } from '../ir/index.ts';
import { wholeNumbers } from './constant-values.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

export const pointwiseToGemm: Pass = graphPass(
  'pointwise-to-gemm',
  'a 1x1 Conv on one pixel is a Gemm, whose result may stay float',
  (draft, model) => {
    // Until opset 11 a Gemm had to have a bias.
    if (opsetOf(model) < 11) return;
    const types = valueTypes(model, draft);
    for (const node of [...draft.nodes]) if (isPointwise(node, draft)) toGemm(draft, node, types);
  },
);

function toGemm(draft: Draft, conv: Node, types: ValueTypes): void {
  const [image, weightName, ...bias] = conv.inputs as readonly [string, string, ...string[]];
  const input = types.shape(image);
  const flatten = draft.soleReader(conv.outputs[0]!);
  if (input?.length !== 4 || input[2] !== 1 || input[3] !== 1 || flatten === undefined) return;
  const weight = draft.constant(weightName)!;
  const [outputs, inputs] = weight.dims as readonly [number, number];
  if (!flattens(flatten, draft, [input[0]!, outputs])) return;
  const flat = draft.freshValue(`${image}_flat`);
  const matrix = draft.addConstant(`${weightName}_matrix`, weight.reshaped([outputs, inputs]));
  draft.remove(flatten);
  draft.add({
    op: 'Flatten',
    name: flatten.name,
    inputs: [image],
    outputs: [flat],
    attributes: attributes({ axis: attr.int(1) }),
  });
  draft.replace(conv, {
    op: 'Gemm',
    inputs: [flat, matrix, ...bias],
    outputs: [flatten.outputs[0]!],
    attributes: attributes({ transB: attr.int(1) }),
  });
}

/** Strides and auto_pad change nothing on one pixel. */
function isPointwise(node: Node, draft: Draft): boolean {
  if (node.op !== 'Conv' || !isOnnxDomain(node.domain) || intAttr(node, 'group', 1) !== 1) return false;
  const dims = draft.constant(node.inputs[1] ?? '')?.dims;
  if (dims?.length !== 4 || dims[2] !== 1 || dims[3] !== 1) return false;
  const bias = node.inputs[2] ?? '';
  return (
    (bias === '' || draft.constant(bias) !== undefined) && intsAttr(node, 'pads', []).every((p) => p === 0)
  );
}

/** Whether the node makes [N, C] of [N, C, 1, 1]. */
function flattens(node: Node, draft: Draft, [batch, channels]: Shape): boolean {
  if (!isOnnxDomain(node.domain)) return false;
  switch (node.op) {
    case 'Flatten':
      return [1, -3].includes(intAttr(node, 'axis', 1));
    case 'Squeeze': {
      const axes = intsAttr(node, 'axes') ?? wholeNumbers(draft, node.inputs[1]);
      const places = axes?.map((a) => (a < 0 ? a + 4 : a)).sort();
      return places?.length === 2 && places[0] === 2 && places[1] === 3;
    }
    case 'Reshape': {
      const target = wholeNumbers(draft, node.inputs[1]);
      if (target?.length !== 2 || intAttr(node, 'allowzero', 0) !== 0) return false;
      const [first, second] = target;
      if (first === -1) return second === channels;
      return (first === 0 || first === batch) && (second === -1 || second === channels);
    }
    default:
      return false;
  }
}
