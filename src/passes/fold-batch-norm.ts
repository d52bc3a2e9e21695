/**
 * A BatchNormalization in inference is a scale and a shift per channel: folded into the Conv, ConvTranspose,
 * Gemm or MatMul before it, or into the Conv or Gemm after it where that is exact, it costs nothing and its
 * output needs no quantization parameters of its own. One with nowhere to go stays as it is: as Mul and Add it
 * would be two nodes to quantize instead of one.
 */
import type { Draft, Node } from '../ir/index.ts';
import { floatAttr, intAttr, isOnnxDomain, opsetOf } from '../ir/index.ts';
import { channelVector } from './constant-values.ts';
import { type Affine, foldAfter, foldBefore, linearMaking, linearNode } from './linear-node.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { valueTypes } from './value-types.ts';

export const foldBatchNorm: Pass = graphPass(
  'fold-batch-norm',
  'a batch normalization in inference is a scale and a shift that the neighbouring weights can hold',
  (draft, model) => {
    const types = valueTypes(model, draft);
    const opset = opsetOf(model);
    const norms = [...draft.nodes].filter((n) => n.op === 'BatchNormalization' && isOnnxDomain(n.domain));
    for (const node of norms) {
      const affine = affineOf(draft, node, opset);
      const value = node.inputs[0]!;
      if (affine === undefined || draft.soleReader(value) !== node) continue;
      const linear = linearMaking(draft, value, types);
      // The channels of a normalization lie on axis 1: those of a product only when it has rank 2.
      if (linear?.rank === undefined || linear.axisFromEnd !== linear.rank - 2) continue;
      if (linear.outputChannels === affine.scale.length) foldAfter(draft, linear, node, affine);
    }
    for (const node of norms.reverse()) {
      if (!draft.has(node)) continue;
      const affine = affineOf(draft, node, opset);
      const reader = draft.soleReader(node.outputs[0]!);
      if (affine === undefined || reader === undefined || reader.inputs[0] !== node.outputs[0]) continue;
      if (!readsChannelsOnAxis1(reader)) continue;
      const linear = linearNode(draft, reader, types);
      if (linear?.inputChannels === affine.scale.length)
        foldBefore(draft, linear, node, { ...affine, input: node.inputs[0]! });
    }
  },
);

function readsChannelsOnAxis1(node: Node): boolean {
  if (!isOnnxDomain(node.domain)) return false;
  return (
    node.op === 'Conv' ||
    node.op === 'ConvTranspose' ||
    (node.op === 'Gemm' && intAttr(node, 'transA', 0) === 0)
  );
}

/** scale / sqrt(var + epsilon) and what follows; undefined unless it is an inference with constant parameters. */
function affineOf(draft: Draft, node: Node, opset: number): Affine | undefined {
  if (!isInference(node, opset)) return undefined;
  const channels = draft.constant(node.inputs[1] ?? '')?.size ?? 0;
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => {
    const tensor = draft.constant(node.inputs[i] ?? '');
    return tensor?.dims.length === 1 && tensor.size === channels
      ? channelVector(tensor, channels, 0)
      : undefined;
  });
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = floatAttr(node, 'epsilon', Math.fround(1e-5));
  const scale = gamma.map((g, c) => g / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: beta.map((b, c) => b - mean[c]! * scale[c]!) };
}

/**
 * Versions 1 and 6 train unless is_test is set, 14 on where training_mode is, and 7 to 13 where statistics are
 * among the outputs: read or not, as onnxruntime does.
 */
function isInference(node: Node, opset: number): boolean {
  if (opset < 7 && intAttr(node, 'is_test', 0) === 0) return false;
  if (opset < 9 && intAttr(node, 'spatial', 1) === 0) return false;
  if (intAttr(node, 'training_mode', 0) !== 0) return false;
  return node.outputs.slice(1).every((name) => name === '');
}
