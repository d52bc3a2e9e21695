/** Which Relu and Clip go with the operator before them, and how: saturating codes do their work, or the engine fuses them. */
import type { Graph, Node } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import type { Bounds } from './activation-bounds.ts';
import { saturatingBounds } from './activation-bounds.ts';
import { declaredRule } from './eligible.ts';
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
  /** The value that becomes codes in place of the producer's. */
  readonly output: string;
  /** Absent: the node stays, between the operator and its QuantizeLinear. */
  readonly bounds?: Bounds;
}

/** Relu and Clip whose producer computes (does not merely move values) and has no other reader. */
export function mergeableActivations(context: MergeContext): ReadonlyMap<Node, Merge> {
  const { graph, target, rules } = context;
  const merges = new Map<Node, Merge>();
  const kept = target.clamps === 'kept';
  // Symmetric codes reach below zero: they saturate at no clamp's floor.
  if (!kept && target.activations.symmetric) return merges;
  for (const producer of rules.keys()) {
    const node = clampBehind(producer, context);
    if (node === undefined || rules.get(node)?.kind !== 'activation') continue;
    const output = node.outputs[0]!;
    const bounds = kept ? undefined : saturatingBounds(node, graph);
    if (kept) merges.set(producer, { node, output });
    else if (bounds !== undefined) merges.set(producer, { node, output, bounds });
  }
  return merges;
}

/** The Relu or Clip that alone reads the result of an operator that computes. */
export function clampBehind(
  producer: Node,
  { rules, readers }: Pick<MergeContext, 'rules' | 'readers'>,
): Node | undefined {
  if (!computes(rules.get(producer)!)) return undefined;
  const output = producer.outputs[0]!;
  const node = readers.sole(output);
  return node?.inputs[0] === output && declaredRule(node)?.kind === 'activation' ? node : undefined;
}

/** Not merely moves values, nor keeps a range of its own. */
function computes(rule: QuantRule): boolean {
  return rule.kind === 'weighted' || (rule.kind === 'arithmetic' && rule.fixedOutput === undefined);
}

/** Why a Relu or Clip that may be quantized stays; `maker` is the INT8 operator before it, if there is one. */
export function whyNotMerged(node: Node, maker: Node | undefined, context: MergeContext): string {
  const { graph, target, rules, readers } = context;
  if (maker === undefined) return 'what it clamps is not made by an INT8 operator';
  if (target.clamps === 'merged' && target.activations.symmetric)
    return `the codes of ${target.id} do not end at 0`;
  if (!computes(rules.get(maker)!)) return `${maker.op} before it computes nothing that could be clamped`;
  if (readers.sole(node.inputs[0]!) !== node) return 'the value before it is used elsewhere as well';
  if (target.clamps === 'merged' && saturatingBounds(node, graph) === undefined)
    return 'its bounds are not 0 and a constant above: codes cannot end there';
  return 'what is behind it takes floats, and the sums before it need no codes';
}
