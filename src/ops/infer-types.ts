/**
 * Types of every value of a model, from its inputs downwards: shapes with names for sizes that a caller
 * chooses, and the values of small integer tensors, so that shape computations (Shape, Gather, Concat, Reshape)
 * give static shapes. What the file states fills gaps and never overrides what is proven.
 */
import type { Note, NoteCode } from '../base/errors.ts';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import type { Dim, Graph, Model, Node, Shape, ValueType } from '../ir/index.ts';
import { dtypeOf, isOnnxDomain, opsetOf, shapeOf, type Tensor, tensorType } from '../ir/index.ts';
import type { InferContext, OperatorContract } from './contract.ts';
import { contractOf } from './contracts.ts';
import { dimOf, mergeDim } from './dims.ts';
import { impossible, maxRank } from './infer-readers.ts';
import { inferSmallValues } from './infer-values.ts';
import { Scope } from './type-scope.ts';

export interface InferTypesOptions {
  /** Sizes for named dims, e.g. `{ N: 1 }`. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Take initializers that are also inputs as the constants they default to (old exports list every weight so). */
  readonly assumeDefaults?: boolean;
}

export interface TypeTable {
  /** Of any value of the main graph; undefined where nothing is known. */
  get(name: string): ValueType | undefined;
  /** Partly known integers of a small tensor: numbers, names of dims, or null a place. */
  value(name: string): Shape | undefined;
  /** The tensor, where the value is constant once the shapes are known. */
  constant(name: string): Tensor | undefined;
  /** `shape-conflict`: a node that cannot be; `stated-type-differs`: the file says otherwise than is proven. */
  readonly notes: readonly Note[];
}

/** Nodes of bodies looked at in all: a Loop's body may be read three times, and loops nest. */
const bodyBudget = 200_000;
const maxDepth = 32;

/** Linear in the nodes. Throws INVALID_ARGUMENT on a size in `dims` that is none, and nothing on any model. */
export function inferTypes(model: Model, options: InferTypesOptions = {}): TypeTable {
  const inference = new Inference(model, options);
  const scope = inference.run(model.graph, undefined, [], 0);
  return {
    get: (name) => scope.type(name),
    value: (name) => scope.value(name),
    constant: (name) => scope.constant(name),
    notes: inference.notes,
  };
}

class Inference {
  readonly #model: Model;
  readonly #dims: ReadonlyMap<string, number>;
  readonly #assumeDefaults: boolean;
  readonly #notes = new Map<string, Note>();
  #budget = bodyBudget;

  constructor(model: Model, options: InferTypesOptions) {
    this.#model = model;
    this.#dims = new Map(Object.entries(options.dims ?? {}));
    this.#assumeDefaults = options.assumeDefaults ?? false;
    for (const [name, size] of this.#dims)
      if (!Number.isSafeInteger(size) || size < 0)
        throw invalidArgument(`dims.${name}`, `${size} is not a size`, 'Give a whole number of 0 or more');
  }

  get notes(): readonly Note[] {
    return [...this.#notes.values()];
  }

  /** `given` are the types of a body's inputs as its node sees them. */
  run(
    graph: Graph,
    outer: Scope | undefined,
    given: readonly (ValueType | undefined)[],
    depth: number,
  ): Scope {
    const scope = new Scope(outer);
    const stated = new Map(graph.types);
    for (const port of graph.outputs) if (!stated.has(port.name)) stated.set(port.name, port.type);
    for (const [i, port] of graph.inputs.entries()) {
      const type = this.#merge(port.name, given[i], this.#bind(port.type));
      if (type !== undefined) scope.setType(port.name, type);
    }
    const ports = new Set(graph.inputs.map((p) => p.name));
    for (const [name, tensor] of graph.initializers) {
      if (ports.has(name) && !this.#assumeDefaults) continue;
      const type = stated.get(name);
      scope.setType(name, type?.kind === 'quantized' ? type : tensorType(tensor.dtype, tensor.dims));
      scope.setConstant(name, tensor);
    }
    for (const name of graph.sparse.keys()) {
      const type = stated.get(name);
      if (type !== undefined) scope.setType(name, this.#bind(type));
    }
    for (const node of graph.nodes) this.#node(node, scope, stated, depth);
    return scope;
  }

  #node(node: Node, scope: Scope, stated: ReadonlyMap<string, ValueType>, depth: number): void {
    const contract = contractOf(node);
    const context = this.#context(node, scope, depth);
    const made = contract === undefined ? [] : this.#infer(contract, context);
    for (const [i, name] of node.outputs.entries()) {
      if (name === '') continue;
      const claim = stated.get(name);
      const type = this.#merge(name, made[i], claim && this.#bind(claim));
      if (type !== undefined) scope.setType(name, type);
    }
    if (contract !== undefined) inferSmallValues(contract, context, scope);
  }

  #infer(contract: OperatorContract, context: InferContext): readonly (ValueType | undefined)[] {
    try {
      return contract.infer?.(context).map((type) => sane(context.node, type)) ?? [];
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error;
      this.#note('shape-conflict', error.where, error.what);
      return [];
    }
  }

  #context(node: Node, scope: Scope, depth: number): InferContext {
    const at = (index: number): string => node.inputs[index] ?? '';
    return {
      node,
      opset: opsetOf(this.#model, isOnnxDomain(node.domain) ? '' : node.domain),
      inputs: node.inputs.map((name) => (name === '' ? undefined : scope.type(name))),
      constant: (index) => scope.constant(at(index)),
      shapeValue: (index) => scope.value(at(index)),
      inferBody: (body, inputs) => {
        this.#budget -= body.nodes.length + 1;
        if (this.#budget < 0 || depth >= maxDepth) return [];
        const inner = this.run(body, scope, inputs, depth + 1);
        return body.outputs.map((port) => inner.type(port.name));
      },
    };
  }

  #bind(type: ValueType): ValueType {
    const shape = shapeOf(type);
    if (shape === undefined || type.kind === 'opaque' || !shape.some((d) => this.#isBound(d))) return type;
    return { ...type, shape: shape.map((d) => (this.#isBound(d) ? this.#dims.get(d)! : d)) };
  }

  #isBound(dim: Dim): dim is string {
    return typeof dim === 'string' && this.#dims.has(dim);
  }

  /** The proven type, its gaps filled by the stated one. A quantized value keeps its parameters. */
  #merge(name: string, proven: ValueType | undefined, stated: ValueType | undefined): ValueType | undefined {
    if (proven === undefined || proven.kind === 'opaque') return stated ?? proven;
    if (stated === undefined || stated.kind === 'opaque') return proven;
    const [left, right] = [proven.shape, stated.shape];
    const differs =
      dtypeOf(proven) !== dtypeOf(stated) ||
      (left !== undefined &&
        right !== undefined &&
        (left.length !== right.length || left.some((d, i) => mergeDim(d, right[i]!) === undefined)));
    if (differs) {
      this.#note(
        'stated-type-differs',
        `value '${name}'`,
        `the file says ${show(stated)}, its operators make ${show(proven)}`,
      );
      return proven;
    }
    const shape = left?.map((d, i) => d ?? right?.[i] ?? null) ?? right;
    return stated.kind === 'quantized' ? { ...stated, shape } : { ...proven, shape };
  }

  #note(code: NoteCode, where: string, what: string): void {
    const key = `${code} ${where} ${what}`;
    if (!this.#notes.has(key)) this.#notes.set(key, { code, where, what });
  }
}

/**
 * What every inferred type passes through: no rank beyond reason, no size beyond exact numbers. Throws
 * INVALID_GRAPH on a negative size.
 */
function sane(node: Node, type: ValueType | undefined): ValueType | undefined {
  if (type === undefined || type.kind === 'opaque' || type.shape === undefined) return type;
  if (type.shape.length > maxRank) return { ...type, shape: undefined };
  if (type.shape.some((d) => typeof d === 'number' && d < 0))
    throw impossible(node, `makes a negative size: [${type.shape.join(',')}]`);
  if (type.shape.every((d) => typeof d !== 'number' || Number.isSafeInteger(d))) return type;
  return { ...type, shape: type.shape.map((d) => (typeof d === 'number' ? dimOf(d) : d)) };
}

function show(type: ValueType): string {
  return `${dtypeOf(type) ?? 'opaque'} [${
    shapeOf(type)
      ?.map((d) => d ?? '?')
      .join(',') ?? '?'
  }]`;
}
