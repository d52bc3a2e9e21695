/** What kind of network a graph is, where that decides a default: ranges that suit convolutions do not suit attention. */
import type { Graph, Node } from '../ir/index.ts';
import { constantOf } from '../ir/index.ts';
import { readersOf } from './readers.ts';

export type NetworkKind = 'transformer' | 'other';

const fused = new Set([
  'Attention',
  'MultiHeadAttention',
  'GroupQueryAttention',
  'PackedAttention',
  'QAttention',
]);
/** What may stand between the weights of attention and the values they mix. */
const passing = new Set([
  'Dropout',
  'Identity',
  'Cast',
  'Where',
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
]);

/** A transformer has attention: a Softmax whose shares weigh, in a MatMul, something else that was computed. */
export function networkKind(graph: Graph): NetworkKind {
  const readers = readersOf(graph);
  const mixes = (value: string, steps: number): boolean =>
    readers.of(value).some((reader) => {
      if (reader.op === 'MatMul' || reader.op === 'Einsum') return othersComputed(reader, value, graph);
      return steps > 0 && passing.has(reader.op) && mixes(reader.outputs[0]!, steps - 1);
    });
  const isAttention = (node: Node): boolean =>
    fused.has(node.op) || (node.op === 'Softmax' && mixes(node.outputs[0]!, 4));
  return graph.nodes.some(isAttention) ? 'transformer' : 'other';
}

function othersComputed(node: Node, value: string, graph: Graph): boolean {
  const others = node.inputs.filter((name) => name !== value && name !== '');
  return others.length > 0 && others.every((name) => constantOf(graph, name) === undefined);
}
