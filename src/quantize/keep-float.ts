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
}

/** Why a node is to stay float for speed; undefined where it is not. */
export function fasterInFloat(node: Node, context: KeepFloatContext): string | undefined {
  const { target } = context;
  return target.keepFloat.find((k) => fits(node, k, context) && (!k.feedsFloat || feedsFloat(node, context)))
    ?.why;
}

function fits(node: Node, { op, measure, atMost }: KeepFloat, { graph }: KeepFloatContext): boolean {
  return node.op === op && (measureOf(node, measure, graph) ?? Number.POSITIVE_INFINITY) <= atMost;
}

/** Whether its result, clamped or not, goes to nothing but a convolution that stays float whatever comes behind. */
function feedsFloat(node: Node, context: KeepFloatContext): boolean {
  const { target, readers } = context;
  const behind = readers.sole(node.outputs[0]!);
  const clamped = behind !== undefined && declaredRule(behind)?.kind === 'activation';
  const reader = clamped ? readers.sole(behind.outputs[0]!) : behind;
  return reader !== undefined && target.keepFloat.some((k) => !k.feedsFloat && fits(reader, k, context));
}
