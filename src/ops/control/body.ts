/** The bodies of If, Loop and Scan. */
import type { Graph, Node } from '../../ir/index.ts';
import { impossible } from '../infer-readers.ts';

/** Throws INVALID_GRAPH where the node has none of the name. */
export function bodyOf(node: Node, name: string): Graph {
  const attribute = node.attributes.get(name);
  if (attribute?.type !== 'graph') throw impossible(node, `has no body '${name}'`);
  return attribute.value;
}
