/**
 * MatMul of a 2-d value with a constant, and the Add of a bias after it, are one Gemm: one quantized operator
 * with an int32 bias, where the Add alone would take two more sets of parameters. Gemm's own alpha and beta go
 * into its constants, since no quantized operator has them.
 */
import type { Draft, Node } from '../ir/index.ts';
import { floatAttr, isOnnxDomain, opsetOf, Tensor } from '../ir/index.ts';
import { linearMaking, linearNode, replaceConstant } from './linear-node.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

export const fuseMatmulAdd: Pass = graphPass(
  'fuse-matmul-add',
  'a product and its bias are one operator to quantize, and quantized ones have no alpha and beta',
  (draft, model) => {
    // Before opset 7 Gemm broadcasts only when told to.
    if (opsetOf(model) < 7) return;
    const types = valueTypes(model, draft);
    for (const node of [...draft.nodes]) {
      if (!isOnnxDomain(node.domain)) continue;
      if (node.op === 'Add') fuse(draft, node, types);
      else if (node.op === 'Gemm') foldFactors(draft, node, types);
    }
  },
);

function fuse(draft: Draft, add: Node, types: ValueTypes): void {
  const linear = linearMaking(draft, add.outputs[0]!, types);
  if (linear?.biasAdd !== add || linear.bias === undefined) return;
  const { node } = linear;
  if (types.rank(node.inputs[0]!) !== 2) return;
  const position = add.inputs[0] === node.outputs[0] ? 1 : 0;
  const name = add.inputs[position]!;
  const bias =
    draft.constant(name)!.dims.length === 1 && draft.constant(name)!.size === linear.outputChannels
      ? name
      : replaceConstant(
          draft,
          add,
          position,
          Tensor.of('float32', [linear.outputChannels], Float32Array.from(linear.bias)),
        );
  draft.remove(add);
  draft.replace(node, { op: 'Gemm', inputs: [node.inputs[0]!, node.inputs[1]!, bias], outputs: add.outputs });
}

function foldFactors(draft: Draft, node: Node, types: ValueTypes): void {
  const alpha = floatAttr(node, 'alpha', 1);
  const beta = floatAttr(node, 'beta', 1);
  const linear = linearNode(draft, node, types);
  if (linear === undefined || (alpha === 1 && (beta === 1 || linear.bias === undefined))) return;
  const weight = Float32Array.from(linear.weight.data('float32'), (w) => w * alpha);
  const bias = linear.bias && Float32Array.from(linear.bias);
  if (!weight.every(Number.isFinite) || bias?.every(Number.isFinite) === false) return;
  const inputs = [...node.inputs];
  if (alpha !== 1)
    inputs[1] = replaceConstant(draft, node, 1, Tensor.of('float32', linear.weight.dims, weight));
  if (bias && beta !== 1)
    inputs[2] = replaceConstant(draft, node, 2, Tensor.of('float32', [bias.length], bias));
  const attributes = new Map(node.attributes);
  attributes.delete('alpha');
  attributes.delete('beta');
  draft.replace(node, { inputs, attributes });
}
