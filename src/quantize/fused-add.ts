/** Which Add takes the result of a linear operator in float, so that the engine adds before anything is rounded. */
import type { Graph, Node } from '../ir/index.ts';
import { constantOf } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import type { Readers } from './readers.ts';
import type { TargetProfile } from './targets/index.ts';

export interface FusedAddContext {
  readonly graph: Graph;
  readonly target: TargetProfile;
  readonly readers: Readers;
  /** Of every node that runs, or could run, in INT8. */
  readonly rules: ReadonlyMap<Node, QuantRule>;
}

/**
 * Rules of the Adds that a linear operator is fused with: their data input is the other operand alone, and nobody else reads
 * the result. Of two linear operators the later one is fused. With a constant, such as a bias, no operand is left to be codes.
 */
export function fusedAdds({ graph, target, readers, rules }: FusedAddContext): ReadonlyMap<Node, QuantRule> {
  const fused = new Map<Node, QuantRule>();
  if (!target.fusesAdd) return fused;
  const positions = new Map(graph.nodes.flatMap((node, at) => node.outputs.map((o) => [o, at] as const)));
  const fusable = (node: Node, value: string): boolean => {
    const maker = graph.nodes[positions.get(value) ?? -1];
    return (
      maker !== undefined &&
      rules.get(maker)?.kind === 'weighted' &&
      target.floatOutput.includes(maker.op) &&
      readers.sole(value) === node
    );
  };
  for (const node of rules.keys()) {
    const [a, b] = node.inputs;
    if (node.op !== 'Add' || a === undefined || b === undefined || a === b) continue;
    const [last, first] = [0, 1].sort((i, j) => positionOf(node, j) - positionOf(node, i)) as [0 | 1, 0 | 1];
    const inFloat = [last, first].find((i) => fusable(node, node.inputs[i]!));
    if (inFloat === undefined) continue;
    const other = 1 - inFloat;
    const data = constantOf(graph, node.inputs[other]!) === undefined ? [other] : [];
    fused.set(node, { kind: 'arithmetic', data });
  }
  return fused;

  function positionOf(node: Node, input: number): number {
    return positions.get(node.inputs[input]!) ?? -1;
  }
}
