/** Operators whose attributes became inputs: the same numbers, as constants. */
import { floatAttr, intAttr, intsAttr } from '../../ir/index.ts';
import {
  type Conversion,
  type NodeUpgrade,
  refuse,
  scalarConstant,
  wholeConstant,
  without,
} from './node-upgrade.ts';

/** Replaces the inputs, dropping those left out at the end, and the attributes that became inputs. */
function withInputs(
  { draft, node }: NodeUpgrade,
  inputs: readonly string[],
  ...gone: readonly string[]
): void {
  const kept = [...inputs];
  while (kept.at(-1) === '') kept.pop();
  draft.replace(node, { inputs: kept, attributes: without(node, ...gone) });
}

/** Opset 11: min and max. */
export const upgradeClip: Conversion = (u) => {
  const lo = scalarConstant(u, 'min', floatAttr(u.node, 'min'));
  const hi = scalarConstant(u, 'max', floatAttr(u.node, 'max'));
  withInputs(u, [u.node.inputs[0]!, lo, hi], 'min', 'max');
};

/** Opset 11: pads and value. */
export const upgradePad: Conversion = (u) => {
  const pads = intsAttr(u.node, 'pads') ?? refuse(u, 'it has no pads');
  const value = floatAttr(u.node, 'value', 0);
  const inputs = [u.node.inputs[0]!, wholeConstant(u, 'pads', pads)];
  if (value !== 0) inputs.push(scalarConstant(u, 'value', value));
  withInputs(u, inputs, 'pads', 'value');
};

/** Opset 10: starts, ends and axes. */
export const upgradeSlice: Conversion = (u) => {
  const starts = intsAttr(u.node, 'starts') ?? refuse(u, 'it has no starts');
  const ends = intsAttr(u.node, 'ends') ?? refuse(u, 'it has no ends');
  const axes = wholeConstant(u, 'axes', intsAttr(u.node, 'axes'));
  const bounds = [wholeConstant(u, 'starts', starts), wholeConstant(u, 'ends', ends)];
  withInputs(u, [u.node.inputs[0]!, ...bounds, axes], 'starts', 'ends', 'axes');
};

/** Opset 13, for Squeeze, Unsqueeze and ReduceSum: axes. No axes and an empty list both mean all of them. */
export const upgradeAxes: Conversion = (u) => {
  const axes = intsAttr(u.node, 'axes');
  const given = axes?.length === 0 && u.node.op !== 'Unsqueeze' ? undefined : axes;
  withInputs(u, [u.node.inputs[0]!, wholeConstant(u, 'axes', given)], 'axes');
};

/** Opset 13: split. */
export const upgradeSplit: Conversion = (u) =>
  withInputs(u, [u.node.inputs[0]!, wholeConstant(u, 'split', intsAttr(u.node, 'split'))], 'split');

/** Opset 10: k. */
export const upgradeTopK: Conversion = (u) => {
  const k = intAttr(u.node, 'k') ?? refuse(u, 'it has no k');
  withInputs(u, [u.node.inputs[0]!, wholeConstant(u, 'k', [k])], 'k');
};

/** Opset 12: ratio, and a mask that says what was kept; before, an inference's mask was of no defined content. */
export const upgradeDropout: Conversion = (u) => {
  const { draft, node } = u;
  const mask = node.outputs[1] ?? '';
  if (mask !== '' && (draft.isOutput(mask) || draft.readers(mask).length > 0))
    refuse(u, 'its mask is used, which means something else since opset 12');
  withInputs(u, [node.inputs[0]!, scalarConstant(u, 'ratio', floatAttr(node, 'ratio'))], 'ratio');
};
