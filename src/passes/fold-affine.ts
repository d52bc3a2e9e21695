/**
 * Multiplications and additions by a constant for each channel go into the weights and bias of the linear node
 * before them, or of the Conv after them where that is exact: exporters write batch normalizations as such
 * chains, and networks scale and centre their input with them.
 */
import type { Draft, Node } from '../ir/index.ts';
import { isOnnxDomain, opsetOf } from '../ir/index.ts';
import { channelVector, spread } from './constant-values.ts';
import {
  type Affine,
  constantOperand,
  foldAfter,
  foldBefore,
  keepsRank,
  linearMaking,
  linearNode,
} from './linear-node.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

const operators: ReadonlySet<string> = new Set(['Mul', 'Div', 'Add', 'Sub']);

export const foldAffine: Pass = graphPass(
  'fold-affine',
  'scales and shifts per channel beside a linear operator can live in its weights and bias',
  (draft, model) => {
    // Before opset 7 broadcasting took an explicit axis.
    if (opsetOf(model) < 7) return;
    const types = valueTypes(model, draft);
    const steps = [...draft.nodes].filter((n) => operators.has(n.op) && isOnnxDomain(n.domain));
    for (const node of steps) if (draft.has(node)) intoProducer(draft, node, types);
    for (const node of steps.reverse()) if (draft.has(node)) intoReader(draft, node, types);
  },
);

function intoProducer(draft: Draft, node: Node, types: ValueTypes): void {
  const operands = constantOperand(draft, node);
  if (operands === undefined || draft.soleReader(operands.value) !== node) return;
  const linear = linearMaking(draft, operands.value, types);
  if (linear === undefined || !keepsRank(operands.constant, linear.rank ?? 1)) return;
  // A bare MatMul and the Add after it are the biased form already.
  if (linear.node.op === 'MatMul' && linear.biasAdd === undefined && (node.op === 'Add' || node.op === 'Sub'))
    return;
  const vector = channelVector(operands.constant, linear.outputChannels, linear.axisFromEnd);
  const affine = vector && affineOf(node, vector, operands.constantFirst);
  if (affine !== undefined) foldAfter(draft, linear, node, affine);
}

function intoReader(draft: Draft, node: Node, types: ValueTypes): void {
  const operands = constantOperand(draft, node);
  const reader = draft.soleReader(node.outputs[0]!);
  if (operands === undefined || reader?.op !== 'Conv' || reader.inputs[0] !== node.outputs[0]) return;
  const linear = linearNode(draft, reader, types);
  const shape = types.shape(operands.value);
  // The step must not be what brings the channels or the rank about.
  if (linear === undefined || shape?.length !== linear.rank || shape?.[1] !== linear.inputChannels) return;
  if (!keepsRank(operands.constant, shape.length)) return;
  const vector = channelVector(operands.constant, linear.inputChannels, shape.length - 2);
  const affine = vector && affineOf(node, vector, operands.constantFirst);
  if (affine !== undefined) foldBefore(draft, linear, node, { ...affine, input: operands.value });
}

/** What the node does to its other operand; undefined when that is no scale and shift (constant / x). */
function affineOf(node: Node, vector: Float64Array, constantFirst: boolean): Affine | undefined {
  const channels = vector.length;
  switch (node.op) {
    case 'Mul':
      return { scale: vector, shift: spread(0, channels) };
    case 'Div':
      return constantFirst ? undefined : { scale: vector.map((v) => 1 / v), shift: spread(0, channels) };
    case 'Add':
      return { scale: spread(1, channels), shift: vector };
    case 'Sub':
      return constantFirst
        ? { scale: spread(-1, channels), shift: vector }
        : { scale: spread(1, channels), shift: vector.map((v) => -v) };
    default:
      return undefined;
  }
}
