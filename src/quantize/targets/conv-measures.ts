/** Numbers of a convolution by which a profile says where float is faster. */
import type { Graph, Node } from '../../ir/index.ts';
import { constantOf, intAttr } from '../../ir/index.ts';

const measures = {
  /** 1: depthwise, or an input of one channel. */
  'channels-per-group': (perGroup: number) => perGroup,
  /** 3 or 4: the first convolution of a network that sees pictures. */
  'input-channels': (perGroup: number, groups: number) => perGroup * groups,
  /** What each output value sums, its bias aside. */
  'products-per-output': (perGroup: number, _groups: number, taps: number) => perGroup * taps,
} as const;

export type ConvMeasure = keyof typeof measures;

/** Of a Conv with a constant weight; undefined for anything else. */
export function measureOf(node: Node, measure: ConvMeasure, graph: Graph): number | undefined {
  const dims = constantOf(graph, node.inputs[1] ?? '')?.dims;
  if (node.op !== 'Conv' || dims === undefined || dims.length < 2) return undefined;
  const taps = dims.slice(2).reduce((n, d) => n * d, 1);
  return measures[measure](dims[1]!, intAttr(node, 'group', 1), taps);
}
