/** Which convolutions a target computes faster in float, although it could run them in INT8. */
import type { Graph, Node } from '../ir/index.ts';
import { declaredRule } from './eligible.ts';
import type { Readers } from './readers.ts';
import { measureOf } from './targets/conv-measures.ts';
import type { TargetProfile } from './targets/index.ts';
import type { KeepFloat } from './targets/profile.ts';

export interface KeepFloatContext {
  readonly graph: Graph;
  readonly target: TargetProfile;
  readonly readers: Readers;
  readonly producers: ReadonlyMap<string, Node>;
}

/** Why a node is to stay float for speed; undefined where it is not. */
export function fasterInFloat(node: Node, context: KeepFloatContext): string | undefined {
  const { target } = context;
  return target.keepFloat.find(
    (k) => fits(node, k, context) && (!k.besideFloat || besideFloat(node, context)),
  )?.why;
}

function fits(node: Node, { op, measure, atMost }: KeepFloat, { graph }: KeepFloatContext): boolean {
  return node.op === op && (measureOf(node, measure, graph) ?? Number.POSITIVE_INFINITY) <= atMost;
}

/**
 * Whether it reads the result of a convolution that stays float whatever is beside it, or its own result goes to nothing
 * but such a one; a clamp may stand between.
 */
function besideFloat(node: Node, context: KeepFloatContext): boolean {
  const { target, readers, producers } = context;
  const before = producers.get(node.inputs[0]!);
  const behind = readers.sole(node.outputs[0]!);
  const neighbours = [
    isClamp(before) ? producers.get(before.inputs[0]!) : before,
    isClamp(behind) ? readers.sole(behind.outputs[0]!) : behind,
  ];
  return neighbours.some(
    (n) => n !== undefined && target.keepFloat.some((k) => !k.besideFloat && fits(n, k, context)),
  );
}

function isClamp(node: Node | undefined): node is Node {
  return node !== undefined && declaredRule(node)?.kind === 'activation';
}
