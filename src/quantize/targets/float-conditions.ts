/** What a profile can ask of a convolution before it keeps it in float. */
import type { Graph, Node } from '../../ir/index.ts';
import { constantOf, intAttr } from '../../ir/index.ts';

/** The channels of a picture: three, or four with transparency. */
const fewChannels = 4;

const conditions = {
  /** Each input channel makes outputs of its own. */
  depthwise: (perGroup: number, groups: number) => groups > 1 && perGroup === 1,
  /** The first convolution of a network that sees pictures. */
  'few-input-channels': (perGroup: number, groups: number) => perGroup * groups <= fewChannels,
} as const;

export type FloatCondition = keyof typeof conditions;

/** Of a Conv with a constant weight; false for anything else. */
export function holds(condition: FloatCondition, node: Node, graph: Graph): boolean {
  const perGroup = constantOf(graph, node.inputs[1] ?? '')?.dims[1];
  if (node.op !== 'Conv' || perGroup === undefined) return false;
  return conditions[condition](perGroup, intAttr(node, 'group', 1));
}
