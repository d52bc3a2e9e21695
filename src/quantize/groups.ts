/** Joins values that must or may share parameters, so that moving codes costs nothing. */
import type { Graph, Node } from '../ir/index.ts';
import { constantOf } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import type { Bounds } from './activation-bounds.ts';
import type { ParamGroup } from './decision.ts';
import { dataInputsOf } from './eligible.ts';

/**
 * Union-find over the values that become codes. An operator that moves values ties its outputs to its data inputs;
 * one with several inputs (Concat) ties only those of the output's own kind: a value whose Relu was merged needs its
 * zero point at the minimum, and a ceiling of 6 must not clamp a neighbour.
 */
export function groupValues(
  graph: Graph,
  quantized: ReadonlyMap<Node, QuantRule>,
  outputsOf: (node: Node, rule: QuantRule) => readonly string[],
  carried: ReadonlySet<string>,
  bounds: ReadonlyMap<string, Bounds>,
): readonly ParamGroup[] {
  const parent = new Map<string, string>();
  const kinds = new Map<string, string>();
  const fixed = new Map<string, readonly [number, number]>();
  const moved = new Set<string>();
  const find = (value: string): string => {
    let root = value;
    while (parent.get(root) !== root) root = parent.get(root)!;
    parent.set(value, root);
    return root;
  };
  const enter = (value: string): void => {
    if (parent.has(value)) return;
    parent.set(value, value);
    const b = bounds.get(value);
    kinds.set(value, b === undefined ? 'free' : `[${b.floor},${b.ceiling}]`);
  };
  const kindOf = (value: string): string => kinds.get(find(value))!;
  const join = (from: string, to: string): void => {
    const [a, b] = [find(from), find(to)];
    if (a !== b) parent.set(b, a);
  };

  for (const [node, rule] of quantized) {
    const operands = dataInputsOf(node, rule).map((i) => node.inputs[i]!);
    const inputs = operands.filter((name) => constantOf(graph, name) === undefined);
    for (const name of inputs) enter(name);
    const outputs = outputsOf(node, rule).filter((name) => carried.has(name));
    for (const name of outputs) enter(name);
    if (rule.kind === 'arithmetic' && rule.fixedOutput !== undefined)
      for (const name of outputs) {
        fixed.set(name, rule.fixedOutput);
        kinds.set(name, `fixed ${rule.fixedOutput}`);
      }
    // A constant joined in has a range of its own, which the output must hold and the other inputs should not.
    if (rule.kind !== 'shared' || inputs.length === 0 || inputs.length < operands.length) continue;
    const kind = commonKind(inputs.map(kindOf));
    const tied = inputs.filter((name) => kindOf(name) === kind);
    for (const name of outputs) {
      kinds.set(name, kind);
      for (const input of tied) join(input, name);
      // Where an input keeps its own parameters the output needs its own statistic as well.
      if (tied.length === inputs.length) moved.add(name);
    }
  }

  const members = new Map<string, string[]>();
  for (const value of parent.keys()) {
    const root = find(value);
    const list = members.get(root);
    if (list === undefined) members.set(root, [value]);
    else list.push(value);
  }
  return [...members.values()].map((values) => toGroup(values, moved, bounds, fixed));
}

/** The kind of the output: that of all inputs when they agree, else free. */
function commonKind(kinds: readonly string[]): string {
  return kinds.every((k) => k === kinds[0]) ? kinds[0]! : 'free';
}

function toGroup(
  values: readonly string[],
  moved: ReadonlySet<string>,
  bounds: ReadonlyMap<string, Bounds>,
  fixed: ReadonlyMap<string, readonly [number, number]>,
): ParamGroup {
  const roots = values.filter((v) => !moved.has(v));
  const limits = values.map((v) => bounds.get(v)).find((b) => b !== undefined);
  const range = values.map((v) => fixed.get(v)).find((f) => f !== undefined);
  return {
    values,
    roots,
    ...(limits === undefined ? {} : { floor: limits.floor }),
    ...(limits === undefined || limits.ceiling === Number.POSITIVE_INFINITY
      ? {}
      : { ceiling: limits.ceiling }),
    ...(range === undefined ? {} : { fixed: range }),
  };
}
