/**
 * A 1x1 Conv on a 1x1 image, flattened behind, is a Gemm. Classifiers end so (MobileNetV2: 1280 -> 1000). A Gemm may
 * leave its sums in float where a Conv must round them to 8 bits, which makes ties of close classes.
 */
import type { Draft, Model, Node } from '../ir/index.ts';
import { attr, intAttr, intsAttr, shapeOf } from '../ir/index.ts';
import { inferTypes } from '../ops/infer-types.ts';
import { graphPass } from './pass.ts';

export const pointwiseToGemm = graphPass(
  'pointwise-to-gemm',
  'a 1x1 Conv on one pixel is a Gemm, whose result may stay float',
  (draft: Draft, model: Model) => {
    const candidates = model.graph.nodes.filter((n) => isPointwise(n, draft));
    if (candidates.length === 0) return;
    const types = inferTypes(model);
    for (const conv of candidates) {
      const input = shapeOf(types.get(conv.inputs[0]!));
      const flatten = draft.soleReader(conv.outputs[0]!);
      if (input?.length !== 4 || input[2] !== 1 || input[3] !== 1) continue;
      if (flatten === undefined || !flattensFromAxis1(flatten, draft)) continue;
      const weight = draft.constant(conv.inputs[1]!)!;
      const [outputs, inputs] = weight.dims as [number, number, number, number];
      const flat = draft.freshValue(`${conv.inputs[0]}_flat`);
      const matrix = draft.addConstant(`${conv.inputs[1]}_matrix`, weight.reshaped([outputs, inputs]));
      const output = flatten.outputs[0]!;
      draft.remove(flatten);
      draft.add({
        op: 'Flatten',
        name: flatten.name,
        inputs: [conv.inputs[0]!],
        outputs: [flat],
        attributes: new Map([['axis', attr.int(1)]]),
      });
      draft.replace(conv, {
        op: 'Gemm',
        inputs: [flat, matrix, ...conv.inputs.slice(2)],
        outputs: [output],
        attributes: new Map([['transB', attr.int(1)]]),
      });
    }
  },
);

function isPointwise(node: Node, draft: Draft): boolean {
  if (node.op !== 'Conv' || node.domain !== '' || intAttr(node, 'group', 1) !== 1) return false;
  const dims = draft.constant(node.inputs[1]!)?.dims;
  if (dims?.length !== 4 || dims[2] !== 1 || dims[3] !== 1) return false;
  const bias = node.inputs[2] ?? '';
  return (
    (bias === '' || draft.constant(bias) !== undefined) && intsAttr(node, 'pads', []).every((p) => p === 0)
  );
}

/** Flatten or Reshape of [N, C, 1, 1] to [N, C]. */
function flattensFromAxis1(node: Node, draft: Draft): boolean {
  if (node.op === 'Flatten') return intAttr(node, 'axis', 1) === 1;
  if (node.op !== 'Reshape') return false;
  const target = draft.constant(node.inputs[1] ?? '')?.toNumbers();
  return target?.length === 2 && target[0] === 0 && target[1] === -1;
}
