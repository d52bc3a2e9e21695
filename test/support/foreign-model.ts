// A model as another tool would have written it: every value and node under a new name, nodes in another order.
import type { Graph, Model, Node } from '../../src/ir/index.ts';
import { withParts } from '../../src/ir/index.ts';

/** `seed` decides the order: any in which values are made before they are used. Names say nothing of the old ones. */
export function foreignModel(model: Model, seed = 1): Model {
  const names = new Map<string, string>();
  const renamed = (name: string): string => {
    if (name === '') return '';
    const known = names.get(name) ?? `v${names.size}`;
    names.set(name, known);
    return known;
  };
  const port = <P extends { readonly name: string }>({ name, ...rest }: P) => {
    const { source: _, ...kept } = rest as Record<string, unknown>;
    return { ...kept, name: renamed(name) } as unknown as P;
  };
  const { graph } = model;
  const nodes = shuffled(graph, seed).map((node, i): Node => {
    const { source: _, ...rest } = node;
    return { ...rest, name: `op${i}`, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
  });
  const { source: _, ...rest } = graph;
  return withParts(model, {
    graph: {
      ...rest,
      inputs: graph.inputs.map(port),
      outputs: graph.outputs.map(port),
      nodes,
      // Under a new record: the file's own one holds the old name.
      initializers: new Map([...graph.initializers].map(([name, t]) => [renamed(name), t.reshaped(t.dims)])),
      types: new Map(),
      extras: [],
    },
    extras: [],
  });
}

function shuffled(graph: Graph, seed: number): readonly Node[] {
  const made = new Set([...graph.inputs.map((p) => p.name), ...graph.initializers.keys(), '']);
  const waiting = [...graph.nodes];
  const order: Node[] = [];
  let state = seed;
  while (waiting.length > 0) {
    const ready = waiting.filter((n) => n.inputs.every((name) => made.has(name)));
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const next = ready[(state >>> 8) % ready.length]!;
    waiting.splice(waiting.indexOf(next), 1);
    for (const name of next.outputs) made.add(name);
    order.push(next);
  }
  return order;
}
