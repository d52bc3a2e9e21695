/** What a conversion sees of its node, and how it makes constants and refuses. */
import { UnsupportedError } from '../../base/errors.ts';
import type { Draft, DType, Node } from '../../ir/index.ts';
import { attr, attributes, dtypes, Tensor } from '../../ir/index.ts';
import type { ValueTypes } from '../value-types.ts';

export interface NodeUpgrade {
  readonly draft: Draft;
  readonly node: Node;
  /** The opset the node is written in. */
  readonly from: number;
  /** Of the values of the graph the node is in; nothing is known in bodies. */
  readonly types: ValueTypes;
}

/** Rewrites a node of an older opset to what means the same in opset 13. */
export type Conversion = (upgrade: NodeUpgrade) => void;

/** The node's attributes without those named. */
export function without(node: Node, ...names: readonly string[]): Node['attributes'] {
  return new Map([...node.attributes].filter(([name]) => !names.includes(name)));
}

/** Adds int64 numbers as a constant of rank 1, named after the node's output; '' when there are none to add. */
export function wholeConstant(
  { draft, node }: NodeUpgrade,
  what: string,
  values: readonly number[] | undefined,
): string {
  if (values === undefined) return '';
  return draft.addConstant(
    `${node.outputs[0]}_${what}`,
    Tensor.from('int64', [values.length], values.map(toInt64)),
  );
}

/** Ends "as far as it goes" pass through a double, which INT64_MAX does not fit. */
function toInt64(value: number): bigint {
  const max = 2n ** 63n - 1n;
  const whole = BigInt(value);
  return whole > max ? max : whole;
}

/**
 * Adds a number as a scalar of the dtype of the node's first input; '' when there is none to add. Float32 is
 * taken where the type is not known (engines check it); other types come from a Cast of the float32.
 */
export function scalarConstant(upgrade: NodeUpgrade, what: string, value: number | undefined): string {
  if (value === undefined) return '';
  const { draft, node } = upgrade;
  const name = `${node.outputs[0]}_${what}`;
  const dtype = dtypeOfData(upgrade);
  const tensor = Tensor.from('float32', [], [value]);
  if (dtype === 'float32') return draft.addConstant(name, tensor);
  const output = draft.freshValue(name);
  draft.add({
    op: 'Cast',
    inputs: [draft.addConstant(`${name}_float32`, tensor)],
    outputs: [output],
    attributes: attributes({ to: attr.int(dtypes[dtype].onnx) }),
  });
  return output;
}

function dtypeOfData({ node, types }: NodeUpgrade): DType {
  const type = types.type(node.inputs[0] ?? '');
  return type?.kind === 'tensor' ? type.dtype : 'float32';
}

export function refuse({ node, from }: Pick<NodeUpgrade, 'node' | 'from'>, what: string): never {
  throw new UnsupportedError({
    where: `node '${node.name}' (${node.op}, opset ${from})`,
    what: `${what}, so the model cannot be brought to opset 13`,
    remedy: 'Export the model with opset 13 or above, or convert it with onnx.version_converter',
    op: node.op,
    opset: from,
  });
}
