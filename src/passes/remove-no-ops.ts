/**
 * Takes out nodes that provably give back what they read: each would cost a pair of quantization nodes, or
 * stand between operators that fuse.
 *
 * Left on purpose: Sum, Max and Min of one input, which Octavo uses itself as a barrier that engines keep.
 */
import type { Draft, Node, Shape } from '../ir/index.ts';
import { intAttr, intsAttr, isOnnxDomain, opsetOf } from '../ir/index.ts';
import { singleValue, uniformValue, wholeNumbers } from './constant-values.ts';
import { constantOperand } from './linear-node.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

export const removeNoOps: Pass = graphPass(
  'remove-no-ops',
  'nodes that change nothing would still be quantized and keep others from fusing',
  (draft, model) => {
    const look: Look = { draft, opset: opsetOf(model), types: valueTypes(model, draft) };
    // Readers that an edit replaces come up later in the same walk.
    for (const node of draft.nodes) {
      const same = isOnnxDomain(node.domain) ? unchangedInput(node, look) : undefined;
      if (same === undefined || same === '') continue;
      if (node.outputs.slice(1).some((n) => n !== '' && (draft.isOutput(n) || draft.readers(n).length > 0)))
        continue;
      draft.bypass(node, same);
    }
  },
);

interface Look {
  readonly draft: Draft;
  readonly opset: number;
  readonly types: ValueTypes;
}

/** The input that the node's first output equals, by value, shape and type; undefined when that is not proven. */
function unchangedInput(node: Node, look: Look): string | undefined {
  const { draft, opset, types } = look;
  const input = node.inputs[0];
  const when = (proven: boolean): string | undefined => (proven ? input : undefined);
  switch (node.op) {
    case 'Identity':
      return input;
    case 'Dropout':
      return when(dropoutIsOff(node, look));
    case 'Cast': {
      const from = types.type(input!);
      const to = types.type(node.outputs[0]!);
      return when(from?.kind === 'tensor' && to?.kind === 'tensor' && from.dtype === to.dtype);
    }
    case 'Concat':
      return when(node.inputs.length === 1);
    case 'Transpose': {
      const perm = intsAttr(node, 'perm');
      const rank = types.rank(input!);
      return when(perm === undefined ? rank !== undefined && rank < 2 : perm.every((axis, i) => axis === i));
    }
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return when(sameShape(node, look, 1));
    case 'Expand':
      return when(sameShape(node, look, 0));
    case 'Pad': {
      const pads = opset < 11 ? intsAttr(node, 'pads') : wholeNumbers(draft, node.inputs[1]);
      return when(opset > 1 && pads?.every((p) => p === 0) === true);
    }
    case 'Slice':
      return when(sliceTakesAll(node, look));
    case 'Mul':
    case 'Div':
    case 'Add':
    case 'Sub':
      return neutralOperand(node, look);
    default:
      return undefined;
  }
}

/** Inference from opset 7 on, unless the training input of opset 12 may say otherwise. */
function dropoutIsOff(node: Node, { draft, opset }: Look): boolean {
  if (opset < 7) return intAttr(node, 'is_test', 0) !== 0;
  const training = opset < 12 ? '' : (node.inputs[2] ?? '');
  return training === '' || singleValue(draft.constant(training)) === 0;
}

/**
 * Whether output and input have the same shape. `unknown` sizes at the same place may be unknown: where the
 * count of elements is kept, one unknown size follows from the others.
 */
function sameShape(node: Node, { types }: Look, unknown: 0 | 1): boolean {
  const before: Shape | undefined = types.shape(node.inputs[0]!);
  const after = types.shape(node.outputs[0]!);
  if (before === undefined || after === undefined || before.length !== after.length) return false;
  const open = before.filter((d, i) => d === null || d !== after[i]);
  if (open.length === 0) return true;
  // With a zero among the others the count says nothing.
  return (
    open.length <= unknown &&
    before.every((d, i) => d === after[i] || d === null || after[i] === null) &&
    before.every((d) => d !== 0)
  );
}

/** From 0 by 1 to beyond any size, or with the same sizes before and after. */
function sliceTakesAll(node: Node, look: Look): boolean {
  const { draft, opset } = look;
  const old = opset < 10;
  const given = (i: number): boolean => (node.inputs[i] ?? '') !== '';
  const starts = old ? intsAttr(node, 'starts') : wholeNumbers(draft, node.inputs[1]);
  const ends = old ? intsAttr(node, 'ends') : wholeNumbers(draft, node.inputs[2]);
  const steps = !old && given(4) ? wholeNumbers(draft, node.inputs[4]) : [];
  if (steps === undefined || steps.some((s) => s !== 1)) return false;
  if (starts?.every((s) => s === 0) && ends?.every((e) => e >= 2 ** 31 - 1)) return true;
  return sameShape(node, look, 0);
}

/** x * 1, 1 * x, x / 1, x + 0, 0 + x, x - 0, where broadcasting changes no shape. */
function neutralOperand(node: Node, { draft, opset, types }: Look): string | undefined {
  const operands = opset < 7 ? undefined : constantOperand(draft, node);
  if (operands === undefined) return undefined;
  if (operands.constantFirst && (node.op === 'Div' || node.op === 'Sub')) return undefined;
  const neutral = node.op === 'Mul' || node.op === 'Div' ? 1 : 0;
  const { constant, value } = operands;
  if (uniformValue(constant) !== neutral) return undefined;
  if (constant.dims.length === 0) return value;
  const shape = types.shape(value);
  if (shape === undefined || constant.dims.length > shape.length) return undefined;
  const offset = shape.length - constant.dims.length;
  return constant.dims.every((d, i) => d === 1 || d === shape[i + offset]) ? value : undefined;
}
