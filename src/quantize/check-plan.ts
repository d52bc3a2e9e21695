/** Whether a plan was made for a model: it decides every node of it once, and speaks of no other node or value. */
import { invalidArgument } from '../base/errors.ts';
import type { Graph, Node } from '../ir/index.ts';
import { quantizedRanges } from '../ir/index.ts';
import { saturatingBounds } from './activation-bounds.ts';
import { declaredRule } from './eligible.ts';
import type { QuantPlan } from './plan.ts';
import { entryOf } from './plan.ts';
import type { TargetProfile } from './targets/index.ts';

/** Throws INVALID_ARGUMENT naming the first thing that does not fit. */
export function checkPlan(plan: QuantPlan, graph: Graph, target: TargetProfile): void {
  if (plan.target !== target.id)
    throw misfit(`plan for '${plan.target}'`, `it is to be applied for '${target.id}'`);
  const operators = new Map(graph.nodes.map((n) => [n.name, n.op]));
  const decided = new Set<string>();
  for (const { name, op } of plan.nodes) {
    const where = `node '${name}' (${op})`;
    if (operators.get(name) !== op) throw misfit(where, 'the model has no such node after fusion');
    if (decided.has(name)) throw misfit(where, 'the plan decides it twice');
    decided.add(name);
  }
  for (const [name, op] of operators)
    if (!decided.has(name)) throw misfit(`node '${name}' (${op})`, 'the plan does not decide it');
  for (const table of ['weights', 'biasShifts'] as const)
    for (const name of Object.keys(plan[table]))
      if (!decided.has(name)) throw misfit(`${table}['${name}']`, 'the model has no such node after fusion');
  const values = new Set([
    ...graph.inputs.map((port) => port.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  for (const table of ['values', 'constants'] as const)
    for (const name of Object.keys(plan[table]))
      if (!values.has(name)) throw misfit(`${table}['${name}']`, 'the model has no such value after fusion');
}

/** Throws INVALID_ARGUMENT when the codes of the plan do not saturate where the clamp ends. */
export function checkMerged(node: Node, plan: QuantPlan, graph: Graph): void {
  const where = `node '${node.name}' (${node.op})`;
  const bounds = declaredRule(node)?.kind === 'activation' ? saturatingBounds(node, graph) : undefined;
  if (bounds === undefined) throw misfit(where, 'no saturation of codes can do what it does');
  const params = entryOf(plan.values, node.outputs[0]!);
  if (params === undefined)
    throw misfit(where, 'it is merged, and the plan has no parameters for its output');
  const { min, max } = quantizedRanges[params.dtype];
  const top = Math.fround(params.scale * (max - params.zeroPoint));
  if (params.zeroPoint !== min || top > bounds.ceiling)
    throw misfit(
      where,
      `codes from ${min} with zero point ${params.zeroPoint} up to ${top} do not end where it does`,
    );
}

export function misfit(where: string, what: string): Error {
  return invalidArgument(where, what, 'Use a plan that was saved for this model and these options');
}
