/**
 * One clamp in one form: Min, Max, Clip and Relu with constant bounds, alone or one after the other, become a
 * single Relu or Clip, and vanish behind an operator that never leaves their interval. Quantization then
 * merges what is left into the range of the node before. A PRelu with one slope is a LeakyRelu.
 */
import type { Draft, Node } from '../ir/index.ts';
import { attr, isOnnxDomain, opsetOf } from '../ir/index.ts';
import { clampOf, composed, contains, intervalOf, writeClamp } from './clip-bounds.ts';
import { singleValue } from './constant-values.ts';
import { keepsRank } from './linear-node.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

export const mergeActivations: Pass = graphPass(
  'merge-activations',
  'every clamp has one form, so that it can be merged into the range of the node before it',
  (draft, model) => {
    const types = valueTypes(model, draft);
    const opset = opsetOf(model);
    // Clip was born as an operator with attributes in opset 6, Relu takes no others since then.
    if (opset < 6) return;
    // Nodes that an edit puts in the place of others come up later in the same walk.
    for (const node of draft.nodes) {
      if (node.op === 'PRelu' && isOnnxDomain(node.domain)) toLeakyRelu(draft, node, types);
      else merge(draft, node, opset, types);
    }
  },
);

function merge(draft: Draft, node: Node, opset: number, types: ValueTypes): void {
  const clamp = clampOf(draft, node, opset, types);
  if (clamp === undefined) return;
  if (contains(clamp, intervalOf(draft, clamp.input, opset, types)) && draft.bypass(node, clamp.input))
    return;
  const before = draft.producer(clamp.input);
  const inner = before && clampOf(draft, before, opset, types);
  if (inner === undefined || draft.soleReader(clamp.input) !== node) {
    writeClamp(draft, node, clamp, opset);
    return;
  }
  writeClamp(draft, node, { ...composed(inner, clamp), input: inner.input }, opset);
  draft.remove(before!);
}

/** With a slope of one element that does not raise the rank. */
function toLeakyRelu(draft: Draft, node: Node, types: ValueTypes): void {
  const [input, slopeName] = node.inputs as readonly [string, string];
  const slope = draft.constant(slopeName);
  if (slope?.dtype !== 'float32' || draft.constant(input) !== undefined) return;
  const alpha = singleValue(slope);
  if (
    alpha === undefined ||
    !Number.isFinite(alpha) ||
    !keepsRank(slope, Math.max(1, types.rank(input) ?? 1))
  )
    return;
  draft.replace(node, {
    op: 'LeakyRelu',
    inputs: [input],
    attributes: new Map([['alpha', attr.float(alpha)]]),
  });
}
