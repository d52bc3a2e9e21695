/**
 * A Pad with zeros before a Conv is the Conv's own padding (TensorFlow exports are full of them); the same for
 * an AveragePool that counts its padding. Only where every reader can take it: half of it would cost more.
 */
import type { Draft, Node } from '../ir/index.ts';
import { attr, floatAttr, intAttr, intsAttr, isOnnxDomain, opsetOf, stringAttr } from '../ir/index.ts';
import { singleValue, wholeNumbers } from './constant-values.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';

export const foldPad: Pass = graphPass(
  'fold-pad',
  'padding with zeros before a convolution is what its pads attribute says',
  (draft, model) => {
    const opset = opsetOf(model);
    for (const node of [...draft.nodes]) {
      if (node.op !== 'Pad' || !isOnnxDomain(node.domain)) continue;
      const pads = zeroPads(draft, node, opset);
      const output = node.outputs[0]!;
      const readers = draft.readers(output);
      if (pads === undefined || draft.isOutput(output) || readers.length === 0) continue;
      const padded = readers.map((reader) => withPads(reader, output, pads));
      if (padded.some((p) => p === undefined)) continue;
      readers.forEach((reader, i) => {
        const inputs = [node.inputs[0]!, ...reader.inputs.slice(1)];
        draft.replace(reader, { inputs, attributes: padded[i]! });
      });
      draft.remove(node);
    }
  },
);

/** Zeros added before and after each spatial axis ([before..., after...]); undefined when the Pad does anything else. */
function zeroPads(draft: Draft, node: Node, opset: number): readonly number[] | undefined {
  if (stringAttr(node, 'mode', 'constant') !== 'constant') return undefined;
  const given = opset < 11 ? intsAttr(node, 'pads') : wholeNumbers(draft, node.inputs[1]);
  const valueName = node.inputs[2] ?? '';
  const value =
    opset < 11 ? floatAttr(node, 'value', 0) : valueName === '' ? 0 : singleValue(draft.constant(valueName));
  // The axes input of opset 18 names the axes the pads are for, from either end; the rank then stays unknown.
  if (opset < 2 || value !== 0 || given === undefined || (node.inputs[3] ?? '') !== '') return undefined;
  const rank = given.length / 2;
  if (!Number.isInteger(rank) || rank < 3 || given.some((p) => p < 0)) return undefined;
  if ([0, 1, rank, rank + 1].some((i) => given[i] !== 0)) return undefined;
  return [...given.slice(2, rank), ...given.slice(rank + 2)];
}

/** The reader's attributes with the padding added to its own; undefined when it cannot hold it. */
function withPads(reader: Node, value: string, pads: readonly number[]): Node['attributes'] | undefined {
  if (!isOnnxDomain(reader.domain) || reader.inputs[0] !== value || reader.inputs.slice(1).includes(value))
    return undefined;
  const auto = stringAttr(reader, 'auto_pad', 'NOTSET');
  if (auto !== 'NOTSET' && auto !== 'VALID') return undefined;
  const own = auto === 'VALID' ? [] : intsAttr(reader, 'pads', []);
  if (own.length !== 0 && own.length !== pads.length) return undefined;
  const sum = pads.map((p, i) => p + (own[i] ?? 0));
  const attributes = new Map(reader.attributes);
  attributes.delete('auto_pad');
  attributes.set('pads', attr.ints(sum));
  if (reader.op === 'Conv') return attributes;
  if (reader.op !== 'AveragePool' || intAttr(reader, 'ceil_mode', 0) !== 0) return undefined;
  const counts = intAttr(reader, 'count_include_pad', 0) !== 0;
  if (!counts && own.some((p) => p !== 0)) return undefined;
  // A pool must see a piece of its input everywhere: engines refuse pads as large as the kernel.
  const kernel = intsAttr(reader, 'kernel_shape', []);
  if (sum.some((p, i) => p >= (kernel[i % kernel.length] ?? 0))) return undefined;
  attributes.set('count_include_pad', attr.int(1));
  return attributes;
}
