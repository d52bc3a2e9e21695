/**
 * Which operators of an INT8 file really run in INT8, and why the others do not: what onnxruntime does with
 * DequantizeLinear -> operator -> QuantizeLinear, as observed with version 1.30. `--engine` asks it for the truth.
 */
import type { Node } from '../ir/index.ts';
import { dtypeOf, isOnnxDomain, isQuantizedDType, sameParams } from '../ir/index.ts';
import { declaredRule, runsOnCodes } from '../quantize/eligible.ts';
import type { CodesBefore, FormCode, FormContext, OperatorForm } from './around-codes.ts';
import { codesBefore, codesBehind, longestChain, signedFanOut, transparent } from './around-codes.ts';
import { whyNotSaturating } from './clamp-codes.ts';
import type { Int8Graph } from './int8-graph.ts';
import { passesOn } from './int8-graph.ts';
import {
  isDequantize,
  isDynamicQuantize,
  isQuantize,
  isQuantizedNode,
  qlinearForm,
} from './qlinear-forms.ts';

/** Those whose float weight onnxruntime quantizes by itself: see docs/qdq-rules.md, the barrier. */
const weightsQuantized: ReadonlySet<string> = new Set(['Conv', 'Gemm']);

/** By node; crossings, constants and arithmetic on shapes have no entry. */
export function int8Forms(context: FormContext): ReadonlyMap<Node, OperatorForm> {
  const forms = new Map<Node, OperatorForm>();
  const clamps = new Map<Node, OperatorForm>();
  for (const node of context.graph.graph.nodes) {
    if (!counts(node, context)) continue;
    const form = clamps.get(node) ?? formOf(node, context, clamps);
    forms.set(node, form);
  }
  return forms;
}

function counts(node: Node, { graph, types }: FormContext): boolean {
  if (node.op === 'Constant' || isQuantize(node) || isDequantize(node) || isDynamicQuantize(node))
    return false;
  if (isQuantizedNode(node)) return true;
  // Between an operator on integers and the product with its scales.
  if (node.op === 'Cast') return false;
  if (node.outputs.every((name) => name === '' || graph.isConstant(name))) return false;
  const type = types.get(node.outputs[0] ?? '');
  const dtype = type === undefined ? undefined : dtypeOf(type);
  return dtype === undefined || /^(b?float|u?int8$)/.test(dtype);
}

const float = (code: FormCode, reason: string): OperatorForm => ({ action: 'float', code, reason });
const int8 = (code: FormCode, reason: string): OperatorForm => ({ action: 'quantized', code, reason });

function formOf(node: Node, context: FormContext, clamps: Map<Node, OperatorForm>): OperatorForm {
  if (qlinearForm(node) !== undefined) return int8('quantized-operator', 'computes on codes');
  const rule = isOnnxDomain(node.domain) ? declaredRule(node) : undefined;
  const before = dataOf(node, context).map((name) => codesBefore(name, context));
  if (rule?.kind === 'activation') return clampForm(node, before, context);
  if (passesOn(node)) return moverForm(node, before, context);
  if (before.every((b) => b === undefined)) return float('float-input', 'its inputs are float');
  if (rule === undefined || !runsOnCodes(node, context.target)) return noForm(node, context);
  return sandwichForm(node, before, context, clamps);
}

function noForm(node: Node, { target }: FormContext): OperatorForm {
  const way = target.operators.includes(node.op) ? ' in this mode' : '';
  return float('no-int8-form', `${target.id} has no INT8 form of ${node.op}${way}${advice(node)}`);
}

function advice({ op }: Node): string {
  return op === 'BatchNormalization'
    ? ': it is folded into the operator before it, before anything is quantized'
    : '';
}

function dataOf(node: Node, { graph }: FormContext): readonly string[] {
  return node.inputs.filter((name, i) => name !== '' && (i === 0 || !graph.isConstant(name)));
}

function sandwichForm(
  node: Node,
  before: readonly (CodesBefore | undefined)[],
  context: FormContext,
  clamps: Map<Node, OperatorForm>,
): OperatorForm {
  const { graph, target } = context;
  const behind = codesBehind(node.outputs[0]!, context);
  const rule = declaredRule(node)!;
  const floatData = dataOf(node, context).find(
    (name, i) => before[i] === undefined && !isFusedOperand(node, name, context),
  );
  if (floatData !== undefined) return float('float-input', `its input '${floatData}' is float`);
  const weightAt = rule.kind === 'weighted' ? rule.weight : undefined;
  const floatConstant = node.inputs.find(
    (name, i) => i !== weightAt && i > 0 && i !== 2 && name !== '' && isFloatConstant(name, context),
  );
  if (rule.kind === 'arithmetic' && floatConstant !== undefined)
    return float('float-input', `its constant '${floatConstant}' is float`);
  const fan = before.find((b) => b?.signedFanOut);
  if (fan !== undefined) return float('signed-fan-out', fanOutReason(fan.codes));
  const weight = weightAt === undefined ? '' : (node.inputs[weightAt] ?? '');
  const floatWeight = weight !== '' && isFloatConstant(weight, context);
  const mayEndInFloat = target.floatOutput.includes(node.op);
  if (!('codes' in behind)) {
    const biasIsFloat =
      target.bias === 'int32' && rule.kind === 'weighted' && isFloatConstant(node.inputs[2] ?? '', context);
    if (mayEndInFloat && !behind.meetsCodes && !floatWeight)
      return biasIsFloat
        ? float('float-bias', 'its bias is float and its result is not quantized')
        : int8('float-result', 'codes in, float out: its sums are not rounded to 8 bits');
    if (floatWeight) return float('float-weight', 'its weight is float');
    return float(behind.code, behind.reason);
  }
  if (signedFanOut(behind.codes, graph.paramsOf(behind.codes), context))
    return float('signed-fan-out', fanOutReason(behind.codes));
  const bySelf = weightsQuantized.has(node.op) && target.selfQuantizes.includes(node.op);
  if (floatWeight && !bySelf) return float('float-weight', 'its weight is float');
  for (const clamp of behind.clamps)
    clamps.set(
      clamp,
      target.clamps === 'kept'
        ? float('clamp-fused', `${target.id} fuses it with the operator before it`)
        : {
            action: 'merged',
            code: 'clamp-in-codes',
            reason: 'the saturation of the codes before it does the same',
          },
    );
  return floatWeight
    ? int8(
        'self-quantized',
        'its weight is float, but it stands between codes: the engine quantizes it by itself, one scale for the whole weight',
      )
    : int8('between-codes', 'between DequantizeLinear and QuantizeLinear');
}

/** The result of a linear operator that the engine adds to before it rounds the sum. */
function isFusedOperand(node: Node, value: string, { graph, target }: FormContext): boolean {
  const maker = graph.maker(value);
  return target.fusesAdd && node.op === 'Add' && maker !== undefined && target.floatOutput.includes(maker.op);
}

const fanOutReason = (codes: string): string =>
  `the int8 codes '${codes}' have several readers: on x64 onnxruntime takes uint8, and turns int8 into it only for a single reader`;

function isFloatConstant(name: string, { graph }: FormContext): boolean {
  return name !== '' && graph.isConstant(name) && /float/.test(graph.stored(name)?.dtype ?? '')
    ? !throughCodes(name, graph)
    : false;
}

/** A float that a QuantizeLinear and a DequantizeLinear stand behind is as good as stored codes. */
function throughCodes(name: string, graph: Int8Graph): boolean {
  let value = name;
  for (let i = 0; i < longestChain; i++) {
    const maker = graph.maker(value);
    if (maker === undefined) return false;
    if (isDequantize(maker)) return true;
    value = maker.inputs[0] ?? '';
  }
  return false;
}

/** A clamp that no operator before it has taken in. */
function clampForm(
  node: Node,
  before: readonly (CodesBefore | undefined)[],
  context: FormContext,
): OperatorForm {
  const behind = codesBehind(node.outputs[0]!, context);
  if (before[0] !== undefined && 'codes' in behind) {
    const misfit = whyNotSaturating(node, context.graph.paramsOf(behind.codes), context.graph);
    return float(
      misfit?.code ?? 'clamp-between-codes',
      misfit === undefined
        ? 'Q/DQ stand between it and the operator it clamps: one more pass over the data, rounded twice'
        : `Q/DQ stand before it, and ${misfit.reason.replace(`its ${node.op}`, 'it')}`,
    );
  }
  return before[0] === undefined
    ? float('float-input', 'its input is float')
    : float('float-output', 'its result goes on in float');
}

function moverForm(
  node: Node,
  before: readonly (CodesBefore | undefined)[],
  context: FormContext,
): OperatorForm {
  const { types, graph } = context;
  const type = types.get(node.inputs[0] ?? '');
  const dtype = type === undefined ? undefined : dtypeOf(type);
  const onCodes =
    (dtype !== undefined && isQuantizedDType(dtype)) || graph.paramsOf(node.inputs[0] ?? '') !== undefined;
  if (onCodes) return int8('moves-codes', 'moves codes');
  if (declaredRule(node) !== undefined && !transparent.has(node.op) && !runsOnCodes(node, context.target))
    return noForm(node, context);
  const behind = codesBehind(node.outputs[0]!, context);
  const crossesBack = 'codes' in behind;
  if (before[0] !== undefined && crossesBack) {
    const [from, to] = [before[0].params, graph.paramsOf(behind.codes)];
    return from === undefined || to === undefined || sameParams(from, to)
      ? int8('between-codes', 'between DequantizeLinear and QuantizeLinear')
      : float(
          'other-parameters',
          'it only moves values, but the parameters behind it are not those before it',
        );
  }
  if (transparent.has(node.op) && (before[0] !== undefined || crossesBack))
    return int8('moves-codes', 'codes are moved through it');
  return before[0] === undefined
    ? float('float-input', 'its input is float')
    : float('float-output', 'its result goes on in float');
}
