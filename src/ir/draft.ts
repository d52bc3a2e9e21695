/**
 * A graph being edited. A pass opens a draft, edits, and closes it: `finish` puts nodes in order, drops what
 * nothing reads, and returns the same graph object when nothing was changed.
 *
 * Use counts include captures of subgraphs and graph outputs, so "has one consumer" means what it says.
 */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Attributes } from './attribute.ts';
import type { Graph, Node, Port, ValueType } from './graph.ts';
import { readsOf, staticDims } from './graph.ts';
import { sortNodes } from './order.ts';
import type { Tensor } from './tensor.ts';

export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** Made unique. Absent: made from the first output's name. */
  readonly name?: string;
  readonly attributes?: Attributes;
}

export class Draft {
  readonly #base: Graph;
  readonly #nodes: Set<Node>;
  readonly #initializers: Map<string, Tensor>;
  readonly #types: Map<string, ValueType>;
  readonly #producers = new Map<string, Node>();
  readonly #readers = new Map<string, Set<Node>>();
  readonly #nodeNames = new Set<string>();
  readonly #taken: Set<string>;
  #inputs: readonly Port[];
  #outputs: readonly Port[];
  /** Old exports list every weight as an input: asking for a name must not walk them. */
  #inputNames: ReadonlySet<string>;
  #outputNames: ReadonlySet<string>;
  #changed = false;

  /** `taken`: names that new values must not have, such as those of outer graphs; the draft adds its own to it. */
  constructor(graph: Graph, taken: Set<string> = new Set()) {
    this.#base = graph;
    this.#nodes = new Set(graph.nodes);
    this.#initializers = new Map(graph.initializers);
    this.#types = new Map(graph.types);
    this.#inputs = graph.inputs;
    this.#outputs = graph.outputs;
    this.#inputNames = namesOf(graph.inputs);
    this.#outputNames = namesOf(graph.outputs);
    this.#taken = taken;
    for (const port of graph.inputs) taken.add(port.name);
    for (const name of graph.initializers.keys()) taken.add(name);
    for (const name of graph.sparse.keys()) taken.add(name);
    for (const node of graph.nodes) this.#link(node);
    for (const node of graph.nodes) for (const name of innerNames(node)) this.#taken.add(name);
  }

  get nodes(): Iterable<Node> {
    return this.#nodes;
  }

  get inputs(): readonly Port[] {
    return this.#inputs;
  }

  get outputs(): readonly Port[] {
    return this.#outputs;
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  /** Nodes that read the value, as an input or from a subgraph; a graph output is not a node. */
  readers(value: string): readonly Node[] {
    return [...(this.#readers.get(value) ?? [])];
  }

  isInput(value: string): boolean {
    return this.#inputNames.has(value);
  }

  isOutput(value: string): boolean {
    return this.#outputNames.has(value);
  }

  /** A constant that no caller can override. */
  constant(value: string): Tensor | undefined {
    return this.isInput(value) ? undefined : this.#initializers.get(value);
  }

  has(node: Node): boolean {
    return this.#nodes.has(node);
  }

  type(value: string): ValueType | undefined {
    const inner = this.#types.get(value);
    if (inner !== undefined) return inner;
    const tensor = this.#initializers.get(value);
    if (tensor !== undefined) return { kind: 'tensor', dtype: tensor.dtype, shape: tensor.dims };
    return (this.#inputs.find((p) => p.name === value) ?? this.#outputs.find((p) => p.name === value))?.type;
  }

  setType(value: string, type: ValueType): void {
    this.#types.set(value, type);
    this.#changed = true;
  }

  /** The only node that reads the value through an input, when it is the only reader of any kind; else undefined. */
  soleReader(value: string): Node | undefined {
    const readers = this.#readers.get(value);
    if (readers === undefined || readers.size !== 1 || this.isOutput(value)) return undefined;
    const [reader] = readers;
    return reader!.inputs.filter((name) => name === value).length === 1 ? reader : undefined;
  }

  /** `base`, or `base_1`, `base_2`, ... : the first that no value, here or in a subgraph, has. Reserved at once. */
  freshValue(base: string): string {
    return fresh(base, this.#taken);
  }

  addConstant(base: string, tensor: Tensor): string {
    const name = this.freshValue(base);
    this.#initializers.set(name, tensor);
    this.#changed = true;
    return name;
  }

  add(node: NewNode): Node {
    const full: Node = {
      name: fresh(node.name ?? node.outputs[0] ?? node.op, this.#nodeNames),
      op: node.op,
      domain: node.domain ?? '',
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: node.attributes ?? new Map(),
    };
    this.#insert(full);
    return full;
  }

  /** The node with other parts, under its own name unless the parts name another. */
  replace(node: Node, parts: Partial<Omit<Node, 'source'>>): Node {
    this.remove(node);
    const { source: _, ...rest } = node;
    const full: Node = { ...rest, ...parts };
    if (this.#nodeNames.has(full.name)) throw new Error(`node name '${full.name}' is taken`);
    this.#insert(full);
    return full;
  }

  remove(node: Node): void {
    if (!this.#nodes.delete(node)) throw new Error(`node '${node.name}' is not in the draft`);
    this.#nodeNames.delete(node.name);
    for (const name of node.outputs) this.#producers.delete(name);
    for (const name of readsOf(node)) this.#readers.get(name)?.delete(node);
    this.#changed = true;
  }

  /**
   * Makes every reader of `from` read `to`. Refused (false) when `from` is a graph output, whose name is the
   * caller's, or is captured by a subgraph.
   */
  redirect(from: string, to: string): boolean {
    if (this.isOutput(from)) return false;
    const readers = this.readers(from);
    if (readers.some((r) => !r.inputs.includes(from) || innerNames(r).has(from))) return false;
    for (const reader of readers)
      this.replace(reader, { inputs: reader.inputs.map((name) => (name === from ? to : name)) });
    return true;
  }

  /**
   * Removes a node whose single output equals its input `source`: readers go to the source; when the output is
   * a graph output the source's producer takes over that name if it can. False when neither can be done.
   */
  bypass(node: Node, source: string): boolean {
    const output = node.outputs[0]!;
    if (!this.isOutput(output)) {
      if (!this.redirect(output, source)) return false;
      this.remove(node);
      return true;
    }
    const maker = this.producer(source);
    if (maker === undefined || this.isOutput(source) || this.isInput(source)) return false;
    const readers = this.readers(source).filter((r) => r !== node);
    if (readers.some((r) => innerNames(r).has(source))) return false;
    this.remove(node);
    this.replace(maker, { outputs: maker.outputs.map((name) => (name === source ? output : name)) });
    for (const reader of readers)
      this.replace(reader, { inputs: reader.inputs.map((name) => (name === source ? output : name)) });
    return true;
  }

  /** Drops the default of an input, or any initializer; dead ones go by themselves. */
  setInputs(inputs: readonly Port[]): void {
    this.#inputs = inputs;
    this.#inputNames = namesOf(inputs);
    this.#changed = true;
  }

  setOutputs(outputs: readonly Port[]): void {
    this.#outputs = outputs;
    this.#outputNames = namesOf(outputs);
    this.#changed = true;
  }

  setInitializer(name: string, tensor: Tensor): void {
    this.#initializers.set(name, tensor);
    this.#taken.add(name);
    this.#changed = true;
  }

  /** The edited graph; the very same object when nothing was changed. Throws INVALID_GRAPH on a cycle. */
  finish(): Graph {
    if (!this.#changed) return this.#base;
    const live = this.#liveNodes();
    const nodes = sortNodes(live, this.#base.name);
    const used = new Set<string>();
    for (const node of nodes) for (const name of readsOf(node)) used.add(name);
    for (const port of this.#outputs) used.add(port.name);
    const made = new Set([...nodes.flatMap((n) => n.outputs), ...this.#initializers.keys()]);
    const { source: _, ...base } = this.#base;
    return {
      ...base,
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes,
      initializers: new Map(
        [...this.#initializers].filter(([name]) => used.has(name) || this.#inputNames.has(name)),
      ),
      types: new Map([...this.#types].filter(([name]) => made.has(name) && used.has(name))),
      sparse: new Map([...this.#base.sparse].filter(([name]) => used.has(name))),
    };
  }

  #liveNodes(): Node[] {
    const live = new Set<Node>();
    const pending = this.#outputs.map((p) => p.name);
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const node = this.#producers.get(name);
      if (node === undefined || live.has(node)) continue;
      live.add(node);
      pending.push(...readsOf(node));
    }
    return [...this.#nodes].filter((n) => live.has(n));
  }

  #insert(node: Node): void {
    this.#nodes.add(node);
    this.#link(node);
    this.#changed = true;
  }

  #link(node: Node): void {
    this.#nodeNames.add(node.name);
    for (const name of node.outputs) {
      if (name === '') continue;
      if (this.#producers.has(name))
        throw new OctavoError({
          code: 'INVALID_GRAPH',
          where: `value '${name}'`,
          what: `made by two nodes, '${this.#producers.get(name)!.name}' and '${node.name}'`,
          remedy: 'Check the model with onnx.checker',
        });
      this.#producers.set(name, node);
      this.#taken.add(name);
    }
    for (const name of readsOf(node)) {
      const readers = this.#readers.get(name);
      if (readers === undefined) this.#readers.set(name, new Set([node]));
      else readers.add(node);
    }
  }

  /** Elements of a value when its dims are all known. */
  elements(value: string): number | undefined {
    const type = this.type(value);
    const dims = type === undefined || type.kind === 'opaque' ? undefined : staticDims(type.shape);
    return dims === undefined ? undefined : elementCount(dims);
  }
}

function namesOf(ports: readonly Port[]): ReadonlySet<string> {
  return new Set(ports.map((p) => p.name));
}

/** Every value name inside the node's subgraphs. */
function innerNames(node: Node): Set<string> {
  const names = new Set<string>();
  const visit = (graph: Graph): void => {
    for (const port of graph.inputs) names.add(port.name);
    for (const name of graph.initializers.keys()) names.add(name);
    for (const inner of graph.nodes) {
      for (const name of inner.inputs) names.add(name);
      for (const name of inner.outputs) names.add(name);
      for (const name of innerNames(inner)) names.add(name);
    }
    for (const port of graph.outputs) names.add(port.name);
  };
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') visit(attribute.value);
    else if (attribute.type === 'graphs') attribute.value.forEach(visit);
  }
  return names;
}

function fresh(base: string, taken: Set<string>): string {
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  taken.add(name);
  return name;
}
