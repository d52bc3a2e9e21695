/** Whether a node could run in INT8 on a target, looked at by itself; the reason when it cannot. */
import type { Graph, Node } from '../ir/index.ts';
import { constantOf, dtypeOf, floatAttr, intAttr, isOnnxDomain, stringAttr } from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import { contractOf } from '../ops/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import type { SelectNode } from './select.ts';
import type { TargetProfile } from './targets/index.ts';

export type Eligibility = { readonly rule: QuantRule } | { readonly reason: string };

export interface EligibilityContext {
  readonly graph: Graph;
  readonly types: TypeTable;
  readonly target: TargetProfile;
  readonly select: SelectNode;
}

export function eligibilityOf(node: Node, context: EligibilityContext): Eligibility {
  const rule = declaredRule(node);
  const deselected = context.select(node);
  // Nobody who asks for a Conv wants its Relu between codes: a clamp goes with its maker unless it is named itself.
  if (deselected !== undefined && !(deselected.by === 'only' && rule?.kind === 'activation'))
    return { reason: deselected.reason };
  if (!isOnnxDomain(node.domain)) return { reason: `an operator of the domain '${node.domain}'` };
  if (rule === undefined) return { reason: `${node.op} has no INT8 form here` };
  if (rule.kind === 'activation') return { rule };
  const { target } = context;
  if (!runsOnCodes(node, target)) {
    const way = target.operators.includes(node.op) ? ` (${resizeModeOf(node)})` : '';
    return { reason: `${target.id} runs ${node.op}${way} in float` };
  }
  if (rule.kind !== 'weighted') return arithmeticEligibility(node, ruleOn(target, node, rule), context);
  const weight = constantOf(context.graph, node.inputs[1] ?? '');
  // A product of two activations has no weight: both sides are ordinary operands.
  if (weight === undefined)
    return node.op === 'MatMul'
      ? arithmeticEligibility(node, { kind: 'arithmetic', data: [0, 1] }, context)
      : { reason: notConstant('weight', node.inputs[1] ?? '', context.graph) };
  const problem = weightedProblem(node, context);
  return problem === undefined ? { rule } : { reason: problem };
}

/** Whether the target has an INT8 form of the operator at all. */
export function runsOnCodes(node: Node, target: TargetProfile): boolean {
  if (!target.operators.includes(node.op)) return false;
  return node.op !== 'Resize' || (target.resizeModes as readonly string[]).includes(resizeModeOf(node));
}

const resizeModeOf = (node: Node): string => stringAttr(node, 'mode', 'nearest');

/** An operator that computes may have to keep its input's parameters all the same. */
function ruleOn(target: TargetProfile, node: Node, rule: QuantRule): QuantRule {
  return rule.kind === 'arithmetic' && target.sameParams.includes(node.op)
    ? { kind: 'shared', data: rule.data, outputs: [0] }
    : rule;
}

/** A Relu or Clip as an operator of its own, where the target runs it on codes. */
export function clampAlone(node: Node, context: EligibilityContext): QuantRule | undefined {
  if (!context.target.operators.includes(node.op)) return undefined;
  const alone = arithmeticEligibility(node, clampRule, context);
  return 'rule' in alone ? alone.rule : undefined;
}

/** Of a Relu or Clip that runs on codes: bounds stay as they are. */
export const clampRule: QuantRule = { kind: 'arithmetic', data: [0] };

function arithmeticEligibility(node: Node, rule: QuantRule, context: EligibilityContext): Eligibility {
  for (const index of dataInputsOf(node, rule)) {
    const name = node.inputs[index]!;
    if (context.graph.initializers.has(name) && constantOf(context.graph, name) === undefined)
      return { reason: `'${name}' is a default that a caller may override, so that its range is not known` };
    const type = context.types.get(name);
    const dtype = type === undefined ? undefined : dtypeOf(type);
    if (dtype !== 'float32')
      return {
        reason:
          dtype === undefined ? 'the type of its input is not known' : `its input is ${dtype}, not float32`,
      };
  }
  return { rule };
}

function notConstant(what: string, name: string, graph: Graph): string {
  return graph.initializers.has(name)
    ? `its ${what} is a default that a caller may override`
    : `its ${what} is not a constant`;
}

function weightedProblem(node: Node, { graph }: EligibilityContext): string | undefined {
  const weight = constantOf(graph, node.inputs[1]!)!;
  if (weight.dtype !== 'float32') return `its weight is ${weight.dtype}, not float32`;
  if (weight.size === 0) return 'its weight is empty';
  if ((node.inputs[0] ?? '') === '') return 'it has no data input';
  if (constantOf(graph, node.inputs[0]!) !== undefined) return 'its data input is a constant';
  const bias = node.inputs[2] ?? '';
  if (bias !== '' && node.op === 'MatMul') return 'a MatMul has two inputs, and this one more';
  const constant = bias === '' ? undefined : constantOf(graph, bias);
  if (bias !== '' && constant === undefined) return notConstant('bias', bias, graph);
  if (constant !== undefined && constant.dtype !== 'float32')
    return `its bias is ${constant.dtype}, not float32`;
  if (node.op === 'Gemm') return gemmProblem(node, graph);
  return node.op.startsWith('Conv') ? convProblem(node, weight.dims, constant?.dims) : undefined;
}

/** What no engine runs: the sizes of a damaged file. */
function convProblem(
  node: Node,
  weight: readonly number[],
  bias: readonly number[] | undefined,
): string | undefined {
  if (weight.length < 3) return `its weight [${weight.join(',')}] has no spatial axes`;
  const group = intAttr(node, 'group', 1);
  const channels = node.op === 'ConvTranspose' ? weight[1]! * group : weight[0]!;
  const grouped = weight[0]! % group;
  if (!(group >= 1) || grouped !== 0) return `its weight [${weight.join(',')}] is not for ${group} groups`;
  return bias === undefined || (bias.length === 1 && bias[0] === channels)
    ? undefined
    : `its bias [${bias.join(',')}] has not one element for each output channel`;
}

function gemmProblem(node: Node, graph: Graph): string | undefined {
  const weight = constantOf(graph, node.inputs[1]!)!.dims;
  if (weight.length !== 2) return `its weight [${weight.join(',')}] is no matrix`;
  if (intAttr(node, 'transA', 0) !== 0) return 'its data input is transposed (transA)';
  if (floatAttr(node, 'alpha', 1) !== 1 || floatAttr(node, 'beta', 1) !== 1)
    return 'its alpha or beta is not 1';
  const bias = node.inputs[2] ?? '';
  if (bias === '') return undefined;
  const columns = weight[intAttr(node, 'transB', 0) === 1 ? 0 : 1]!;
  const { dims, size } = constantOf(graph, bias)!;
  return size === columns && dims.at(-1) === columns
    ? undefined
    : 'its bias has not one element for each column';
}

/** What the operator's contract says; no look at the graph. */
export function declaredRule(node: Node): QuantRule | undefined {
  const declared = contractOf(node)?.quantize;
  return typeof declared === 'function' ? declared(node) : declared;
}

/** Positions of the inputs that carry data to be quantized. Inputs left out are not among them. */
export function dataInputsOf(node: Node, rule: QuantRule): readonly number[] {
  if (rule.kind === 'weighted') return [rule.data];
  if (rule.kind === 'activation') return [0];
  const all = rule.data === 'all' ? node.inputs.map((_, i) => i) : rule.data;
  return all.filter((i) => (node.inputs[i] ?? '') !== '');
}

export function dataOutputsOf(node: Node, rule: QuantRule): readonly string[] {
  const outputs = rule.kind === 'shared' ? (rule.outputs ?? 'all') : [0];
  return node.outputs.filter((name, i) => name !== '' && (outputs === 'all' || outputs.includes(i)));
}
