/**
 * Before opset 13 Softmax, LogSoftmax and Hardmax flattened their input to two dimensions at `axis` (default 1)
 * and worked on the second; since then they work along `axis` alone.
 */
import { attr, attributes, intAttr, staticDims, Tensor } from '../../ir/index.ts';
import type { Conversion } from './node-upgrade.ts';

export const upgradeSoftmax: Conversion = ({ draft, node, types }) => {
  const [input] = node.inputs as readonly [string];
  const [output] = node.outputs as readonly [string];
  const axis = intAttr(node, 'axis', 1);
  const shape = types.shape(input);
  const place = shape !== undefined && axis < 0 ? axis + shape.length : axis;
  const behind = shape?.slice(place + 1);
  if (axis === -1 || behind?.every((d) => d === 1)) {
    draft.replace(node, { attributes: attributes({ axis: attr.int(axis) }) });
    return;
  }
  const flat = draft.freshValue(`${output}_flat`);
  const flatResult = draft.freshValue(`${output}_flat_result`);
  const dims = staticDims(shape);
  let target: string;
  if (dims !== undefined)
    target = draft.addConstant(`${output}_shape`, Tensor.from('int64', [dims.length], dims));
  else {
    target = draft.freshValue(`${output}_shape`);
    draft.add({ op: 'Shape', inputs: [input], outputs: [target] });
  }
  draft.add({
    op: 'Flatten',
    inputs: [input],
    outputs: [flat],
    attributes: attributes({ axis: attr.int(axis) }),
  });
  draft.replace(node, {
    inputs: [flat],
    outputs: [flatResult],
    attributes: attributes({ axis: attr.int(-1) }),
  });
  draft.add({ op: 'Reshape', inputs: [flatResult, target], outputs: [output] });
};
