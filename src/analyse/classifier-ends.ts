/** Where a network decides: the values whose largest element is its answer, which method `isotone` keeps the order of. */
import type { Graph, Model, Node } from '../ir/index.ts';
import { intAttr, shapeOf } from '../ir/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import type { ParamGroup } from '../quantize/decision.ts';
import type { Readers } from '../quantize/readers.ts';
import { readersOf } from '../quantize/readers.ts';
import { taskOf } from './task.ts';

export interface ClassifierEnd {
  /** The values that share its parameters. */
  readonly group: ParamGroup;
  /** The member whose rows decide. */
  readonly value: string;
  /** Along which the classes lie; negative from the end. */
  readonly axis: number;
}

const decides: ReadonlySet<string> = new Set([
  'Softmax',
  'LogSoftmax',
  'Hardmax',
  'ArgMax',
  'TopK',
  'Sigmoid',
]);
/** What may stand between the decision and an output of the network. */
const moves: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Concat',
]);

/**
 * One an operator that decides and whose result only moves on its way to an output, and the output of a classification
 * itself; of these the ones that become codes of a range still to be found. In graph order, each group once; none where
 * there is a single class.
 */
export function classifierEnds(
  model: Model,
  types: TypeTable,
  groups: readonly ParamGroup[],
): readonly ClassifierEnd[] {
  const { graph } = model;
  const readers = readersOf(graph);
  const found = new Map<ParamGroup, ClassifierEnd>();
  const add = (value: string, axis: number): void => {
    if (shapeOf(types.get(value))?.at(axis) === 1) return;
    const group = groups.find((g) => g.fixed === undefined && g.values.includes(value));
    if (group !== undefined && !found.has(group)) found.set(group, { group, value, axis });
  };
  for (const node of graph.nodes)
    if (decides.has(node.op) && reachesOutput(node, graph, readers))
      add(node.inputs[0]!, axisOf(node, types));
  const [output] = graph.outputs;
  if (output !== undefined && taskOf(model, false) === 'classification') add(output.name, 1);
  return [...found.values()];
}

function reachesOutput(node: Node, graph: Graph, readers: Readers): boolean {
  const seen = new Set<Node>();
  const waiting = [node];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (at.outputs.some((name) => graph.outputs.some((port) => port.name === name))) return true;
    for (const name of at.outputs) waiting.push(...readers.of(name).filter((reader) => moves.has(reader.op)));
  }
  return false;
}

/** A Sigmoid says nothing of classes: they are channels of a picture, and last in anything else. */
function axisOf(node: Node, types: TypeTable): number {
  if (node.op !== 'Sigmoid') return intAttr(node, 'axis') ?? (node.op === 'ArgMax' ? 0 : -1);
  return shapeOf(types.get(node.inputs[0]!))?.length === 4 ? 1 : -1;
}
