/**
 * The structure of a plan: which nodes run in INT8, which values share parameters, and why. Nothing here looks
 * at data, so it can be shown before anything is calibrated. The rules are stated in docs/qdq-rules.md.
 */
import type { Graph, Model, Node } from '../ir/index.ts';
import { constantOf, intAttr } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import type { Bounds } from './activation-bounds.ts';
import type { ConstantOperand, Layout, WeightedNode } from './decision.ts';
import { clampAlone, dataInputsOf, dataOutputsOf, eligibilityOf } from './eligible.ts';
import { fusedAdds } from './fused-add.ts';
import { groupValues } from './groups.ts';
import { fasterInFloat } from './keep-float.ts';
import type { Merge } from './mergeable.ts';
import { mergeableActivations, whyNotMerged } from './mergeable.ts';
import { readersOf } from './readers.ts';
import type { SelectNode } from './select.ts';
import type { TargetProfile } from './targets/index.ts';

export interface LayoutInput {
  readonly model: Model;
  readonly types: TypeTable;
  readonly target: TargetProfile;
  readonly select: SelectNode;
}

export function layOut(input: LayoutInput): Layout {
  const { graph } = input.model;
  const { target } = input;
  const readers = readersOf(graph);
  const producers = new Map(graph.nodes.flatMap((n) => n.outputs.map((name) => [name, n] as const)));
  const rules = new Map<Node, QuantRule>();
  const reasons = new Map<Node, string>();
  for (const node of graph.nodes) {
    const eligibility = eligibilityOf(node, { ...input, graph });
    const faster = fasterInFloat(node, { graph, target, readers, producers });
    if (!('rule' in eligibility)) reasons.set(node, eligibility.reason);
    else if (faster !== undefined) reasons.set(node, `${target.id} runs it in float: ${faster}`);
    else rules.set(node, eligibility.rule);
  }

  const context = { graph, target, rules, readers };
  const fused = fusedAdds(context);
  for (const [node, rule] of fused) rules.set(node, rule);
  const merges = mergeableActivations(context);
  const together = new Set([...merges.values()].map((m) => m.node));
  for (const [node, rule] of rules) {
    if (rule.kind !== 'activation' || together.has(node)) continue;
    const alone = clampAlone(node, { ...input, graph });
    if (alone !== undefined) rules.set(node, alone);
  }
  const outputsOf = (node: Node, rule: QuantRule): readonly string[] =>
    dataOutputsOf(node, rule).map((name) => merges.get(node)?.output ?? name);
  const wanted = wantedValues(graph, rules, outputsOf, target);

  const quantized = new Map<Node, QuantRule>();
  const carried = new Set<string>();
  for (const node of graph.nodes) {
    const rule = rules.get(node);
    if (rule === undefined || rule.kind === 'activation') continue;
    const outputs = outputsOf(node, rule);
    if (rule.kind !== 'weighted') {
      const data = dataInputsOf(node, rule);
      const fromCodes =
        data.some((i) => carried.has(node.inputs[i]!)) ||
        (data.length > 0 && (target.wholeGraph || fused.has(node)));
      if (!fromCodes) reasons.set(node, 'its inputs are float');
      else if (!outputs.some((name) => wanted.has(name)))
        reasons.set(node, 'nothing behind it runs in INT8, so that rounding here would only lose accuracy');
      if (reasons.has(node)) continue;
    }
    quantized.set(node, rule);
    const staysFloat = target.floatOutput.includes(node.op) && !outputs.some((name) => wanted.has(name));
    if (!staysFloat) for (const name of outputs) carried.add(name);
  }

  const codesMakers = new Map(
    [...quantized].flatMap(([node, rule]) => dataOutputsOf(node, rule).map((name) => [name, node] as const)),
  );
  const mergedNodes = new Set<Node>();
  for (const [producer, merge] of merges)
    if (quantized.has(producer) && carried.has(merge.output)) mergedNodes.add(merge.node);
  const bounds = boundsOfValues(merges, mergedNodes);

  return {
    nodes: graph.nodes.map((node) => {
      const { name, op } = node;
      const rule = quantized.get(node);
      if (rule !== undefined) return { name, op, action: 'quantized', reason: quantizedReasons[rule.kind] };
      if (mergedNodes.has(node))
        return bounds.has(node.outputs[0]!)
          ? { name, op, action: 'merged', reason: 'the saturation of the codes before it does the same' }
          : { name, op, action: 'float', reason: `${target.id} fuses it with the operator before it` };
      const maker = codesMakers.get(node.inputs[0] ?? '');
      return { name, op, action: 'float', reason: reasons.get(node) ?? whyNotMerged(node, maker, context) };
    }),
    rules: new Map([...quantized].map(([node, rule]) => [node.name, rule])),
    weighted: [...quantized]
      .filter(([, rule]) => rule.kind === 'weighted')
      .map(([node, rule]) => weightedNode(graph, node, outputsOf(node, rule)[0]!, carried)),
    operands: [...quantized].flatMap(([node, rule]) => constantOperands(graph, node, rule)),
    groups: groupValues(graph, quantized, outputsOf, carried, bounds),
  };
}

/** Values that some INT8 operator will read as codes, looked at from the end of the graph. */
function wantedValues(
  graph: Graph,
  rules: ReadonlyMap<Node, QuantRule>,
  outputsOf: (node: Node, rule: QuantRule) => readonly string[],
  target: TargetProfile,
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const rule = rules.get(node);
    if (rule === undefined || rule.kind === 'activation') continue;
    const outputs = outputsOf(node, rule);
    if (target.wholeGraph) for (const name of outputs) wanted.add(name);
    else if (rule.kind !== 'weighted' && !outputs.some((name) => wanted.has(name))) continue;
    for (const index of dataInputsOf(node, rule)) wanted.add(node.inputs[index]!);
  }
  return wanted;
}

function boundsOfValues(
  merges: ReadonlyMap<Node, Merge>,
  merged: ReadonlySet<Node>,
): ReadonlyMap<string, Bounds> {
  return new Map(
    [...merges.values()].flatMap(({ node, output, bounds }) =>
      bounds !== undefined && merged.has(node) ? [[output, bounds] as const] : [],
    ),
  );
}

const quantizedReasons: Record<QuantRule['kind'], string> = {
  weighted: 'linear operator with a constant weight',
  arithmetic: 'between INT8 operators',
  shared: 'moves codes from one INT8 operator to another',
  activation: '',
};

function weightedNode(graph: Graph, node: Node, output: string, carried: ReadonlySet<string>): WeightedNode {
  const bias = node.inputs[2] ?? '';
  const axis = weightAxis(graph, node);
  return {
    node: node.name,
    data: node.inputs[0]!,
    weight: node.inputs[1]!,
    ...(bias === '' ? {} : { bias }),
    ...(axis === undefined ? {} : { axis }),
    ...(carried.has(output) ? { output } : {}),
  };
}

/** The axis of the weight that holds output channels; undefined where one scale must do. */
export function weightAxis(graph: Graph, node: Node): number | undefined {
  const rank = constantOf(graph, node.inputs[1]!)!.dims.length;
  switch (node.op) {
    case 'Conv':
      return 0;
    case 'ConvTranspose':
      // Groups lay their output channels over each other on axis 1: one scale there would serve several channels.
      return intAttr(node, 'group', 1) === 1 ? 1 : undefined;
    case 'Gemm':
      return intAttr(node, 'transB', 0) === 1 ? 0 : 1;
    default:
      return rank === 2 ? 1 : undefined;
  }
}

function constantOperands(graph: Graph, node: Node, rule: QuantRule): readonly ConstantOperand[] {
  if (rule.kind === 'weighted') return [];
  return dataInputsOf(node, rule)
    .filter((i) => constantOf(graph, node.inputs[i]!) !== undefined)
    .map((i) => ({ node: node.name, input: i, value: node.inputs[i]! }));
}
