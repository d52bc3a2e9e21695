/** Who reads which value, captures and graph outputs included: a value with a hidden reader has no sole reader. */
import type { Graph, Node } from '../ir/index.ts';
import { readsOf } from '../ir/index.ts';

export interface Readers {
  /** Nodes that read the value as an input or from a subgraph. */
  of(value: string): readonly Node[];
  /** The reader, when there is exactly one and the value is no graph output. */
  sole(value: string): Node | undefined;
  isOutput(value: string): boolean;
}

export function readersOf(graph: Graph): Readers {
  const map = new Map<string, Node[]>();
  for (const node of graph.nodes)
    for (const name of readsOf(node)) {
      const list = map.get(name);
      if (list === undefined) map.set(name, [node]);
      else list.push(node);
    }
  const outputs = new Set(graph.outputs.map((p) => p.name));
  return {
    of: (value) => map.get(value) ?? [],
    sole(value) {
      const list = map.get(value);
      return list?.length === 1 && !outputs.has(value) ? list[0] : undefined;
    },
    isOutput: (value) => outputs.has(value),
  };
}
