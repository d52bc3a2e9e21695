/** Which Relu and Clip the saturation of the codes before them can stand for. */
import type { Graph, Node } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import type { Bounds } from './activation-bounds.ts';
import { saturatingBounds } from './activation-bounds.ts';
import type { Readers } from './readers.ts';
import type { TargetProfile } from './targets/index.ts';

export interface MergeContext {
  readonly graph: Graph;
  readonly target: TargetProfile;
  /** Of every node that could run in INT8. */
  readonly rules: ReadonlyMap<Node, QuantRule>;
  readonly readers: Readers;
}

export interface Merge {
  readonly node: Node;
  readonly output: string;
  readonly bounds: Bounds;
}

/** Relu and Clip whose producer computes (does not merely move values) and has no other reader. */
export function mergeableActivations({
  graph,
  target,
  rules,
  readers,
}: MergeContext): ReadonlyMap<Node, Merge> {
  const merges = new Map<Node, Merge>();
  // Symmetric codes reach below zero: they saturate at no clamp's floor.
  if (target.activations.symmetric) return merges;
  for (const [producer, rule] of rules) {
    if (!computes(rule)) continue;
    const node = readers.sole(producer.outputs[0]!);
    if (
      node === undefined ||
      rules.get(node)?.kind !== 'activation' ||
      node.inputs[0] !== producer.outputs[0]
    )
      continue;
    const bounds = saturatingBounds(node, graph);
    if (bounds !== undefined) merges.set(producer, { node, output: node.outputs[0]!, bounds });
  }
  return merges;
}

/** Not merely moves values, nor keeps a range of its own. */
function computes(rule: QuantRule): boolean {
  return rule.kind === 'weighted' || (rule.kind === 'arithmetic' && rule.fixedOutput === undefined);
}

/** Why a Relu or Clip that may be quantized stays; `maker` is the INT8 operator before it, if there is one. */
export function whyNotMerged(node: Node, maker: Node | undefined, context: MergeContext): string {
  const { graph, target, rules, readers } = context;
  if (maker === undefined) return 'what it clamps is not made by an INT8 operator';
  if (target.activations.symmetric) return `the codes of ${target.id} do not end at 0`;
  if (!computes(rules.get(maker)!)) return `${maker.op} before it computes nothing that could be clamped`;
  if (readers.sole(node.inputs[0]!) !== node) return 'the value before it is used elsewhere as well';
  if (saturatingBounds(node, graph) === undefined)
    return 'its bounds are not 0 and a constant above: codes cannot end there';
  return 'what is behind it takes floats, and the sums before it need no codes';
}
