/**
 * Edits the float graph by a plan, and decides nothing. The result holds quantized values: INT8 operators read and make
 * codes, and every crossing is a QuantizeLinear or DequantizeLinear of one input (its parameters are the value's type).
 */
import { quantizeBias, quantizeValues, quantizeWeight } from '../calibrate/ranges.ts';
import type { Graph, Model, NewNode, Node, QuantParams, ValueType } from '../ir/index.ts';
import {
  Draft,
  intAttr,
  perChannel,
  perTensor,
  shapeOf,
  Tensor,
  tensorType,
  typeOf,
  verify,
  withParts,
} from '../ir/index.ts';
import type { QuantRule } from '../ops/contract.ts';
import { selfQuantized } from './barrier.ts';
import { checkMerged, checkPlan, misfit } from './check-plan.ts';
import { clampRule, dataInputsOf, dataOutputsOf, declaredRule } from './eligible.ts';
import { fusedAdds } from './fused-add.ts';
import { clampBehind } from './mergeable.ts';
import type { QuantPlan, ValueParams, WeightParams } from './plan.ts';
import { entryOf } from './plan.ts';
import { readersOf } from './readers.ts';
import type { TargetProfile } from './targets/index.ts';

export interface Applied {
  readonly model: Model;
  /** Value of the float graph to the name of its codes in the quantized one. */
  readonly codes: ReadonlyMap<string, string>;
}

/** Throws INVALID_ARGUMENT when the plan does not fit the model (it was made for another one, or changed wrongly). */
export function applyPlan(model: Model, plan: QuantPlan, target: TargetProfile): Applied {
  const edit = new PlanEdit(model.graph, plan, target);
  const graph = edit.run();
  verify(graph, 'pass apply-plan');
  // Codes that nothing read have gone with their maker.
  const codes = new Map([...edit.codes].filter(([, name]) => graph.types.has(name)));
  return { model: withParts(model, { graph }), codes };
}

class PlanEdit {
  readonly codes = new Map<string, string>();
  readonly #graph: Graph;
  readonly #plan: QuantPlan;
  readonly #target: TargetProfile;
  readonly #draft: Draft;
  readonly #rules = new Map<Node, QuantRule>();
  /** INT8 node to the activation whose work its saturation does. */
  readonly #merged = new Map<Node, Node>();
  /** Activations that stay between an INT8 node and the QuantizeLinear of their own result. */
  readonly #kept = new Set<Node>();
  readonly #producers = new Map<string, Node>();
  /** Nodes for values whose present makers let go of the name only when they are rewritten. */
  readonly #crossings: NewNode[] = [];
  readonly #stored = new Map<string, string>();

  constructor(graph: Graph, plan: QuantPlan, target: TargetProfile) {
    this.#graph = graph;
    this.#plan = plan;
    this.#target = target;
    this.#draft = new Draft(graph);
    for (const node of graph.nodes) for (const name of node.outputs) this.#producers.set(name, node);
  }

  run(): Graph {
    this.#readDecisions();
    this.#nameCodes();
    for (const activation of this.#merged.values()) this.#draft.remove(activation);
    for (const [node, rule] of this.#rules) this.#rewrite(node, rule);
    for (const crossing of this.#crossings) this.#draft.add(crossing);
    return this.#draft.finish();
  }

  #readDecisions(): void {
    const nodes = new Map(this.#graph.nodes.map((n) => [n.name, n]));
    checkPlan(this.#plan, this.#graph, this.#target);
    const readers = readersOf(this.#graph);
    for (const decision of this.#plan.nodes) {
      if (decision.action !== 'quantized') continue;
      const node = nodes.get(decision.name)!;
      this.#rules.set(node, this.#ruleOf(node));
    }
    for (const decision of this.#plan.nodes) {
      if (decision.action !== 'merged') continue;
      const node = nodes.get(decision.name)!;
      checkMerged(node, this.#plan, this.#graph);
      const maker = this.#producers.get(node.inputs[0] ?? '');
      // A plan changed by hand may have sent the maker back to float: then the activation stays as well.
      if (maker !== undefined && this.#rules.has(maker) && readers.sole(node.inputs[0]!) === node)
        this.#merged.set(maker, node);
    }
    const context = { graph: this.#graph, target: this.#target, readers, rules: this.#rules };
    for (const [node, rule] of fusedAdds(context)) this.#rules.set(node, rule);
    if (this.#target.clamps === 'kept')
      for (const node of this.#rules.keys()) {
        const clamp = clampBehind(node, context);
        if (clamp !== undefined && this.#isCoded(clamp.outputs[0]!) && !this.#isCoded(node.outputs[0]!))
          this.#kept.add(clamp);
      }
  }

  #isCoded(value: string): boolean {
    return entryOf(this.#plan.values, value) !== undefined;
  }

  #ruleOf(node: Node): QuantRule {
    const rule = declaredRule(node);
    if (rule?.kind === 'weighted' && entryOf(this.#plan.weights, node.name) !== undefined) return rule;
    if (rule?.kind === 'weighted' && node.op === 'MatMul') return { kind: 'arithmetic', data: [0, 1] };
    if (rule?.kind === 'activation' && this.#target.operators.includes(node.op)) return clampRule;
    if (rule === undefined || rule.kind === 'activation' || rule.kind === 'weighted')
      throw misfit(
        `node '${node.name}' (${node.op})`,
        'it is to be quantized, and the plan has no parameters for its weight',
      );
    return rule;
  }

  /** The value a node's codes stand for: behind its merged activation, if it has one. */
  #outputsOf(node: Node, rule: QuantRule): readonly { name: string; value: string }[] {
    const activation = this.#merged.get(node);
    return dataOutputsOf(node, rule).map((name) => ({ name, value: activation?.outputs[0] ?? name }));
  }

  /** Decides every name before anything is edited: codes keep the value's own name unless somebody needs it in float. */
  #nameCodes(): void {
    const readers = readersOf(this.#graph);
    const madeAsCodes = new Set<string>();
    for (const [node, rule] of this.#rules)
      for (const { value } of this.#outputsOf(node, rule)) if (this.#isCoded(value)) madeAsCodes.add(value);
    for (const clamp of this.#kept) madeAsCodes.add(clamp.outputs[0]!);
    for (const value of madeAsCodes) {
      const inFloat = readers.isOutput(value) || readers.of(value).some((r) => !this.#readsCodes(r, value));
      const codes = inFloat ? this.#draft.freshValue(`${value}_raw`) : value;
      this.#setCodes(value, codes);
      if (inFloat)
        this.#crossings.push({
          op: 'DequantizeLinear',
          name: `${value}_DequantizeLinear`,
          inputs: [codes],
          outputs: [value],
        });
    }
    for (const clamp of this.#kept) this.#quantizeBehind(clamp);
    for (const value of Object.keys(this.#plan.values)) {
      if (madeAsCodes.has(value) || !readers.of(value).some((r) => this.#readsCodes(r, value))) continue;
      const source = selfQuantized(value, {
        producers: this.#producers,
        quantized: this.#rules,
        target: this.#target,
      })
        ? this.#addBarrier(value)
        : value;
      const codes = this.#draft.freshValue(`${value}_quantized`);
      this.#crossings.push({
        op: 'QuantizeLinear',
        name: `${value}_QuantizeLinear`,
        inputs: [source],
        outputs: [codes],
      });
      this.#setCodes(value, codes);
    }
  }

  /** Everybody reads the codes of a kept activation's result, so that nothing stands between the two. */
  #quantizeBehind(clamp: Node): void {
    const value = clamp.outputs[0]!;
    const clamped = this.#draft.freshValue(`${value}_clamped`);
    this.#draft.replace(clamp, { outputs: [clamped] });
    this.#draft.setType(clamped, typeOf(this.#graph, value) ?? tensorType('float32', undefined));
    this.#crossings.push({
      op: 'QuantizeLinear',
      name: `${value}_QuantizeLinear`,
      inputs: [clamped],
      outputs: [this.codes.get(value)!],
    });
  }

  /** A Sum of one input: the identity in ONNX, a copy in cost, removed by no optimiser seen, and it breaks the pattern. */
  #addBarrier(value: string): string {
    const barrier = this.#draft.freshValue(`${value}_float`);
    this.#crossings.push({ op: 'Sum', name: `${value}_barrier`, inputs: [value], outputs: [barrier] });
    return barrier;
  }

  #readsCodes(reader: Node, value: string): boolean {
    const rule = this.#rules.get(reader);
    return rule !== undefined && dataInputsOf(reader, rule).some((i) => reader.inputs[i] === value);
  }

  #setCodes(value: string, codes: string): void {
    this.codes.set(value, codes);
    this.#draft.setType(
      codes,
      this.#quantizedType(value, paramsOf(entryOf(this.#plan.values, value)!, value)),
    );
  }

  #quantizedType(value: string, quant: QuantParams): ValueType {
    return { kind: 'quantized', quant, shape: shapeOf(typeOf(this.#graph, value)) };
  }

  #rewrite(node: Node, rule: QuantRule): void {
    const inputs = [...node.inputs];
    for (const index of dataInputsOf(node, rule)) {
      const value = inputs[index]!;
      const constant = entryOf(this.#plan.constants, value);
      const codes = constant === undefined ? this.codes.get(value) : this.#storedConstant(value, constant);
      if (codes === undefined)
        throw misfit(
          `value '${value}'`,
          `node '${node.name}' needs it as codes, and the plan has no parameters for it`,
        );
      inputs[index] = codes;
    }
    if (rule.kind === 'weighted') this.#quantizeWeights(node, inputs);
    const made = new Map(
      this.#outputsOf(node, rule).map(({ name, value }) => [name, this.codes.get(value) ?? value]),
    );
    this.#draft.replace(node, { inputs, outputs: node.outputs.map((name) => made.get(name) ?? name) });
  }

  #storedConstant(value: string, params: ValueParams): string {
    const key = JSON.stringify(['operand', value]);
    const tensor = this.#constant(value);
    return this.#store(
      key,
      `${value}_quantized`,
      quantizeValues(tensor, paramsOf(params, value)),
      paramsOf(params, value),
    );
  }

  #quantizeWeights(node: Node, inputs: string[]): void {
    const params = entryOf(this.#plan.weights, node.name)!;
    const name = node.inputs[1]!;
    const weight = this.#constant(name);
    checkScales(node, params, weight);
    const quant =
      params.axis === undefined
        ? perTensor('int8', params.scales[0]!, 0, `weight '${name}'`)
        : perChannel('int8', params.scales, params.axis, `weight '${name}'`);
    const key = JSON.stringify(['weight', name, params.axis, params.scales]);
    inputs[1] = this.#store(key, `${name}_quantized`, weightCodes(weight, quant), quant);
    this.#quantizeBias(node, inputs, params);
  }

  #quantizeBias(node: Node, inputs: string[], params: WeightParams): void {
    const name = node.inputs[2] ?? '';
    const shifts = entryOf(this.#plan.biasShifts, node.name);
    if (node.op === 'MatMul') return;
    if (name === '' && shifts === undefined && !this.#target.needsBias.includes(node.op)) return;
    const channels = name === '' ? this.#outputChannels(node) : this.#constant(name).size;
    const bias = name === '' ? new Float32Array(channels) : this.#constant(name).toFloat32();
    if (shifts !== undefined && shifts.length !== channels)
      throw misfit(`biasShifts['${node.name}']`, `${shifts.length} numbers for ${channels} channels`);
    const shifted = bias.map((b, c) => b + (shifts?.[c] ?? 0));
    if (this.#target.bias === 'float') {
      if (shifts !== undefined || name === '') inputs[2] = this.#storeFloatBias(node, name, shifted);
      return;
    }
    const scaleIn = entryOf(this.#plan.values, node.inputs[0]!)!.scale;
    const { codes, quant } = quantizeBias(shifted, scaleIn, params.scales, `bias of '${node.name}'`);
    const base = name === '' ? `${node.name}_bias` : name;
    const origin = name === '' ? ['shift', node.name] : ['bias', name];
    const key = JSON.stringify([...origin, scaleIn, params.scales, shifts]);
    inputs[2] = this.#store(key, `${base}_quantized`, codes, quant);
  }

  #outputChannels(node: Node): number {
    const weight = this.#constant(node.inputs[1]!);
    if (node.op === 'Gemm') return weight.dims[intAttr(node, 'transB', 0) === 1 ? 0 : 1]!;
    return node.op === 'Conv' ? weight.dims[0]! : weight.dims[1]! * intAttr(node, 'group', 1);
  }

  #storeFloatBias(node: Node, name: string, values: Float32Array): string {
    const base = name === '' ? `${node.name}_bias` : name;
    const dims = name === '' ? [values.length] : this.#constant(name).dims;
    return this.#draft.addConstant(`${base}_corrected`, Tensor.of('float32', dims, values));
  }

  /** A weight or bias that several nodes use with the same parameters is stored once. */
  #store(key: string, base: string, tensor: Tensor, quant: QuantParams): string {
    const known = this.#stored.get(key);
    if (known !== undefined) return known;
    const name = this.#draft.addConstant(base, tensor);
    this.#draft.setType(name, { kind: 'quantized', quant, shape: tensor.dims });
    this.#stored.set(key, name);
    return name;
  }

  #constant(name: string): Tensor {
    const tensor = this.#draft.constant(name);
    if (tensor === undefined)
      throw misfit(`value '${name}'`, 'the plan takes it for a constant, and the model does not');
    return tensor;
  }
}

/** Beyond this, codes are made again each time they are read: a large model is quantized weight by weight, never held. */
const heldCodesBytes = 4 * 2 ** 20;

function weightCodes(weight: Tensor, quant: QuantParams): Tensor {
  if (weight.size <= heldCodesBytes) return quantizeWeight(weight, quant);
  return Tensor.lazy('int8', weight.dims, () => quantizeWeight(weight, quant).bytes());
}

function checkScales(node: Node, params: WeightParams, weight: Tensor): void {
  const expected = params.axis === undefined ? 1 : weight.dims[params.axis];
  if (expected !== params.scales.length)
    throw misfit(
      `weights['${node.name}']`,
      `${params.scales.length} scales for ${expected ?? 'no'} channels`,
    );
}

function paramsOf(params: ValueParams, where: string): QuantParams {
  return perTensor(params.dtype, params.scale, params.zeroPoint, `value '${where}'`);
}
