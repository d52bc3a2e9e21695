/** The bounds of a Relu or Clip that saturating codes can stand for. */
import type { Graph, Node } from '../ir/index.ts';
import { constantOf, floatAttr } from '../ir/index.ts';

export interface Bounds {
  readonly floor: number;
  /** +Infinity: none. */
  readonly ceiling: number;
}

/**
 * Bounds of an activation whose floor is 0: only then is the zero point its type's minimum and saturation equal to
 * the clamp to the bit. Undefined for any other bounds, and for bounds that are not constant.
 */
export function saturatingBounds(node: Node, graph: Graph): Bounds | undefined {
  if (node.op === 'Relu') return { floor: 0, ceiling: Number.POSITIVE_INFINITY };
  if (node.op !== 'Clip') return undefined;
  const floor = clipBound(node, graph, 1, 'min', Number.NEGATIVE_INFINITY);
  const ceiling = clipBound(node, graph, 2, 'max', Number.POSITIVE_INFINITY);
  return floor === 0 && ceiling !== undefined && ceiling > 0 ? { floor, ceiling } : undefined;
}

function clipBound(
  node: Node,
  graph: Graph,
  input: number,
  attribute: string,
  none: number,
): number | undefined {
  const name = node.inputs[input] ?? '';
  if (name === '') return floatAttr(node, attribute, none);
  const constant = constantOf(graph, name);
  return constant?.size === 1 ? constant.toNumbers()[0] : undefined;
}
