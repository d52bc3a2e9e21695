/** DepthToSpace, SpaceToDepth and ReverseSequence: elements in another order, in any dtype. */
import { intAttr, stringAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { EvaluateContext, Reference } from '../contract.ts';
import { boundedCount, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';

function blockOf({ node, inputs }: EvaluateContext, channelsDivide: boolean): number {
  const dims = inputs[0]!.dims;
  const block = intAttr(node, 'blocksize', 0);
  const [, c, h, w] = dims;
  const fits =
    dims.length === 4 &&
    block >= 1 &&
    (channelsDivide ? c! % (block * block) === 0 : h! % block === 0 && w! % block === 0);
  if (!fits) throw impossible(node, `[${dims.join(',')}] has no blocks of ${block}`);
  return block;
}

export const referenceDepthToSpace: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const block = blockOf(context, true);
  const [n, c, h, w] = data.dims as readonly [number, number, number, number];
  const channels = c / (block * block);
  const mode = stringAttr(node, 'mode', 'DCR');
  if (mode !== 'DCR' && mode !== 'CRD') throw impossible(node, `mode '${mode}' is none of ONNX's`);
  // DCR: depth is [block, block, channels]; CRD: [channels, block, block].
  const plane = h * w;
  const [down, across, channel] =
    mode === 'DCR'
      ? [block * channels * plane, channels * plane, plane]
      : [block * plane, plane, block * block * plane];
  const dims = [n, channels, h * block, w * block];
  boundedCount(node, dims);
  const from = walk([n, channels, h, block, w, block], [c * plane, channel, w, down, 1, across]);
  return [moveElements(node, data, dims, from)];
};

export const referenceSpaceToDepth: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const block = blockOf(context, false);
  const [n, c, h, w] = data.dims as readonly [number, number, number, number];
  const dims = [n, c * block * block, h / block, w / block];
  boundedCount(node, dims);
  const plane = h * w;
  const from = walk([n, block, block, c, dims[2]!, dims[3]!], [c * plane, w, 1, plane, block * w, block]);
  return [moveElements(node, data, dims, from)];
};

/** The first sequence_lens[b] steps of batch entry b, back to front; the rest stays. */
export const referenceReverseSequence: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const { dims } = data;
  const lengths = integersOf(inputAt(context, 1));
  const time = normalizeAxis(intAttr(node, 'time_axis', 0), dims.length, node);
  const batch = normalizeAxis(intAttr(node, 'batch_axis', 1), dims.length, node);
  if (time === batch || lengths.length !== dims[batch] || lengths.some((l) => !(l >= 0 && l <= dims[time]!)))
    throw impossible(node, `lengths [${lengths.join(',')}] do not fit [${dims.join(',')}]`);
  const strides = stridesOf(dims);
  const from = Int32Array.from({ length: data.size }, (_, i) => {
    const step = Math.floor(i / strides[time]!) % dims[time]!;
    const length = lengths[Math.floor(i / strides[batch]!) % dims[batch]!]!;
    return step < length ? i + (length - 1 - 2 * step) * strides[time]! : i;
  });
  return [moveElements(node, data, dims, from)];
};
