/**
 * A model with everything left out that depends on who quantized it: crossings, casts, scales and barriers. What remains
 * are operators that read classes of values, so that two models can be laid over each other.
 */
import type { DType, Model, Node, QuantParams, Shape } from '../ir/index.ts';
import { dtypeOf, isOnnxDomain, shapeOf } from '../ir/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import { inferTypes } from '../ops/infer-types.ts';
import { Int8Graph, passesOn } from './int8-graph.ts';
import { isDequantize, isDynamicQuantize, isQuantize, qlinearForm } from './qlinear-forms.ts';

/** Where a class of values can be read while the model runs. */
export interface Tap {
  readonly name: string;
  readonly dtype: DType;
  /** Absent: a float. Per tensor. */
  readonly quant?: QuantParams;
}

export interface SkeletonOperator {
  readonly node: Node;
  /** What it computes; Conv, Gemm and MatMul are one kind, as fusions turn one into the other. */
  readonly kind: string;
  /** Classes it reads, constants left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** The value that holds the weight of a linear operator. */
  readonly weight?: string;
  /** `moves`: computes no real numbers. `absorbable`: others fuse it into the operator before it. */
  readonly role: 'computes' | 'moves' | 'absorbable';
}

const linear: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'MatMul']);
const clamping: ReadonlySet<string> = new Set(['Relu', 'Clip', 'BatchNormalization']);
const affine: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

export class Skeleton {
  readonly model: Model;
  readonly graph: Int8Graph;
  /** In graph order. */
  readonly operators: readonly SkeletonOperator[];
  readonly #types: TypeTable;
  /** Value to its class, which is named after its first member. */
  readonly #roots = new Map<string, string>();
  readonly #members = new Map<string, string[]>();
  readonly #makers = new Map<string, SkeletonOperator>();
  readonly #readers = new Map<string, SkeletonOperator[]>();

  constructor(model: Model) {
    this.model = model;
    this.graph = new Int8Graph(model.graph);
    this.#types = inferTypes(model);
    for (const port of model.graph.inputs) this.#enter(port.name, port.name);
    const scales = new Set<string>();
    const operators: SkeletonOperator[] = [];
    for (const node of model.graph.nodes) {
      const [output] = node.outputs;
      if (output === undefined || output === '' || this.graph.isConstant(output)) continue;
      if (this.#isScale(node, scales)) {
        scales.add(output);
        continue;
      }
      const source = this.#aliasOf(node, scales);
      if (source !== undefined) {
        this.#enter(output, this.root(source));
        if (isDynamicQuantize(node)) for (const name of node.outputs.slice(1)) scales.add(name);
        continue;
      }
      const operator = this.#operatorOf(node, output);
      operators.push(operator);
      for (const name of node.outputs) if (name !== '') this.#enter(name, name);
      this.#makers.set(output, operator);
      for (const name of new Set(operator.inputs)) {
        const readers = this.#readers.get(name);
        if (readers === undefined) this.#readers.set(name, [operator]);
        else readers.push(operator);
      }
    }
    this.operators = operators;
  }

  /** The class of a value; a value nobody made is its own. */
  root(value: string): string {
    return this.#roots.get(value) ?? value;
  }

  /** Names of a class, in graph order; empty for a value that is not in the graph. */
  members(root: string): readonly string[] {
    return this.#members.get(root) ?? [];
  }

  has(value: string): boolean {
    return this.#roots.has(value);
  }

  maker(root: string): SkeletonOperator | undefined {
    return this.#makers.get(root);
  }

  readers(root: string): readonly SkeletonOperator[] {
    return this.#readers.get(root) ?? [];
  }

  isOutput(root: string): boolean {
    return this.model.graph.outputs.some((p) => this.root(p.name) === root);
  }

  shape(root: string): Shape | undefined {
    return shapeOf(this.#types.get(root));
  }

  /** The codes of the class where it has some, as others read them; else the last of its floats. */
  tap(root: string): Tap {
    const members = this.members(root);
    for (const name of members) {
      const maker = this.graph.maker(name);
      if (maker === undefined || !(isQuantize(maker) || qlinearForm(maker)?.scale !== undefined)) continue;
      const quant = this.graph.paramsOf(name);
      if (quant !== undefined && quant.scales.length === 1) return { name, dtype: quant.dtype, quant };
    }
    const floats = members.filter((name) => {
      const maker = this.graph.maker(name);
      return maker === undefined || !(isQuantize(maker) || isDynamicQuantize(maker));
    });
    const name = floats.at(-1) ?? root;
    return { name, dtype: this.#dtype(name) ?? 'float32' };
  }

  #dtype(value: string): DType | undefined {
    const type = this.#types.get(value);
    return type === undefined ? undefined : dtypeOf(type);
  }

  #enter(value: string, root: string): void {
    this.#roots.set(value, root);
    const members = this.#members.get(root);
    if (members === undefined) this.#members.set(root, [value]);
    else members.push(value);
  }

  /** Scales on their way from a DynamicQuantizeLinear to the product they belong in. */
  #isScale(node: Node, scales: ReadonlySet<string>): boolean {
    return (
      node.inputs.some((name) => scales.has(name)) &&
      node.inputs.every((name) => scales.has(name) || this.graph.isConstant(name))
    );
  }

  /** The input that the node only gives on in another form. */
  #aliasOf(node: Node, scales: ReadonlySet<string>): string | undefined {
    const [first] = node.inputs;
    if (isQuantize(node) || isDequantize(node) || isDynamicQuantize(node)) return first;
    if (!isOnnxDomain(node.domain)) return undefined;
    if (node.op === 'Identity' || node.op === 'Cast' || node.op === 'Dropout') return first;
    // The identity that keeps engines from quantizing what stands before it.
    if (node.op === 'Sum' && node.inputs.length === 1) return first;
    if (node.op === 'Mul' && node.inputs.some((name) => scales.has(name)))
      return node.inputs.find((name) => !scales.has(name));
    return undefined;
  }

  #operatorOf(node: Node, output: string): SkeletonOperator {
    const form = qlinearForm(node);
    const op = form?.op ?? node.op;
    const names = form === undefined ? node.inputs : form.data.map((i) => node.inputs[i] ?? '');
    const data = names.filter((name) => name !== '' && !this.graph.isConstant(name));
    const isLinear = linear.has(op) || op === 'ConvTranspose';
    const weight = isLinear ? node.inputs[form?.weight ?? 1] : undefined;
    return {
      node,
      kind: linear.has(op) ? 'linear' : op,
      inputs: data.map((name) => this.root(name)),
      output,
      ...(weight !== undefined && this.graph.isConstant(weight) ? { weight } : {}),
      role:
        passesOn({ ...node, op, domain: '' }) || !isReal(form === undefined ? this.#dtype(output) : undefined)
          ? 'moves'
          : clamping.has(op) || (affine.has(op) && data.length === 1)
            ? 'absorbable'
            : 'computes',
    };
  }
}

/** Sizes and indices are no layers; 8-bit values may be codes. */
function isReal(dtype: DType | undefined): boolean {
  return dtype === undefined || /^(b?float|u?int8$)/.test(dtype);
}
