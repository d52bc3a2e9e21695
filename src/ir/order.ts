/** Puts nodes in an order in which values are made before they are used, keeping the given order where it can. */
import { OctavoError } from '../base/errors.ts';
import type { Node } from './graph.ts';
import { readsOf } from './graph.ts';

/** Stable depth-first order: O(nodes + edges), no recursion. Throws INVALID_GRAPH on a cycle, naming a node on it. */
export function sortNodes(nodes: readonly Node[], graphName: string): readonly Node[] {
  const producers = new Map<string, Node>();
  for (const node of nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node);
  const state = new Map<Node, 'open' | 'done'>();
  const sorted: Node[] = [];
  const stack: { node: Node; reads: Iterator<string> }[] = [];
  const open = (node: Node): void => {
    state.set(node, 'open');
    stack.push({ node, reads: readsOf(node).values() });
  };
  for (const root of nodes) {
    if (state.has(root)) continue;
    open(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const next = top.reads.next();
      if (next.done) {
        stack.pop();
        state.set(top.node, 'done');
        sorted.push(top.node);
        continue;
      }
      const maker = producers.get(next.value);
      if (maker === undefined || state.get(maker) === 'done') continue;
      if (state.get(maker) === 'open')
        throw new OctavoError({
          code: 'INVALID_GRAPH',
          where: `graph '${graphName}', node '${maker.name}' (${maker.op})`,
          what: 'the node needs its own output: the graph has a cycle',
          remedy: 'Export the model again; an ONNX graph must be acyclic',
        });
      open(maker);
    }
  }
  return sorted;
}
