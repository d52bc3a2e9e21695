/**
 * The graph Octavo thinks in. Operators mean what ONNX says they mean (NCHW). Graphs are immutable: a pass
 * takes one and returns another, and what it did not touch is the same object, which is how the writer
 * knows that its bytes can go out verbatim.
 */
import type { ByteRange } from '../base/bytes.ts';
import type { Attribute } from './attribute.ts';
import type { DType } from './dtype.ts';
import type { QuantParams } from './quantization.ts';
import type { Tensor } from './tensor.ts';

/** A size: known, named ('N'), or unknown (null). */
export type Dim = number | string | null;
/** Absent: the rank is unknown. */
export type Shape = readonly Dim[];

/** What is known of a value. `quant` makes it a quantized value: its dtype is then `quant.dtype`. */
export type ValueType =
  | { readonly kind: 'tensor'; readonly dtype: DType; readonly shape: Shape | undefined }
  | { readonly kind: 'quantized'; readonly quant: QuantParams; readonly shape: Shape | undefined }
  /** Sequences, maps, optionals and sparse tensors: carried, not worked on. */
  | { readonly kind: 'opaque' };

/** A graph input or output, in order. */
export interface Port {
  readonly name: string;
  readonly type: ValueType;
  /** The file's own record of it. */
  readonly source?: ByteRange;
}

export interface Node {
  /** Unique within the graph; made up by the reader when the file has none. */
  readonly name: string;
  readonly op: string;
  /** '' is ONNX's own. */
  readonly domain: string;
  /** '' is an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Which of several model functions of the same domain and name the node calls. Absent: the one without. */
  readonly overload?: string;
  /** Fields of the file's record that mean nothing to Octavo, kept in order through edits: doc string, metadata, devices. */
  readonly extras?: readonly ByteRange[];
  /** The file's own record; a new node has none. */
  readonly source?: ByteRange;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** In an order in which every value is made before it is used. */
  readonly nodes: readonly Node[];
  /** Constants by name. One that is also an input is a default the caller may override: not a constant. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Types of inner values, as the file or shape inference gave them; inputs and outputs stand in their ports. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Sparse constants by name: carried verbatim. */
  readonly sparse: ReadonlyMap<string, ByteRange>;
  /** Fields of the file's record that mean nothing to Octavo, kept in order: doc string, quantization annotation, unknown ones. */
  readonly extras: readonly ByteRange[];
  /** The file's own record of the whole graph, while nothing is changed. */
  readonly source?: ByteRange;
}

/** A model function (ONNX FunctionProto): a body that nodes of its domain and name expand to. */
export interface ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly source: ByteRange;
}

export interface Model {
  readonly graph: Graph;
  readonly irVersion: number;
  /** Domain ('' is ONNX's own) to version. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producerName: string;
  readonly producerVersion: string;
  /** metadata_props, in order. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly functions: readonly ModelFunction[];
  /** Model fields that mean nothing to Octavo (domain, doc string, training info, unknown ones), kept in order. */
  readonly extras: readonly ByteRange[];
  /** The whole file, while nothing is changed. */
  readonly source?: ByteRange;
}

/** The model with parts replaced: no longer the file's own bytes. */
export function withParts(model: Model, parts: Partial<Omit<Model, 'source'>>): Model {
  const { source: _, ...rest } = model;
  return { ...rest, ...parts };
}

export function opsetOf(model: Model, domain = ''): number {
  return model.opsets.get(domain) ?? (domain === '' ? (model.opsets.get('ai.onnx') ?? 1) : 1);
}

/** ONNX's own domain has two spellings. */
export function isOnnxDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** The dtype as stored: a quantized value's codes have their parameters' dtype. */
export function dtypeOf(type: ValueType): DType | undefined {
  switch (type.kind) {
    case 'tensor':
      return type.dtype;
    case 'quantized':
      return type.quant.dtype;
    case 'opaque':
      return undefined;
  }
}

export function shapeOf(type: ValueType | undefined): Shape | undefined {
  return type === undefined || type.kind === 'opaque' ? undefined : type.shape;
}

export function tensorType(dtype: DType, shape: Shape | undefined): ValueType {
  return { kind: 'tensor', dtype, shape };
}

/** Dims when every one is a known number. */
export function staticDims(shape: Shape | undefined): readonly number[] | undefined {
  return shape?.every((d) => typeof d === 'number') ? (shape as readonly number[]) : undefined;
}

/** The type of any value: port, inner value or initializer. */
export function typeOf(graph: Graph, name: string): ValueType | undefined {
  const inner = graph.types.get(name);
  if (inner !== undefined) return inner;
  const tensor = graph.initializers.get(name);
  if (tensor !== undefined) return tensorType(tensor.dtype, tensor.dims);
  return (graph.inputs.find((p) => p.name === name) ?? graph.outputs.find((p) => p.name === name))?.type;
}

/** A constant: an initializer that no caller can override. */
export function constantOf(graph: Graph, name: string): Tensor | undefined {
  const tensor = graph.initializers.get(name);
  return tensor !== undefined && !graph.inputs.some((p) => p.name === name) ? tensor : undefined;
}

/** Inputs the caller must give: those without a default. */
export function requiredInputs(graph: Graph): readonly Port[] {
  return graph.inputs.filter((p) => !graph.initializers.has(p.name));
}

/** Names of outer values that the node's subgraphs use, each once. */
export function capturesOf(node: Node): ReadonlySet<string> {
  const captures = new Set<string>();
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') addCaptures(attribute.value, captures);
    else if (attribute.type === 'graphs') for (const g of attribute.value) addCaptures(g, captures);
  }
  return captures;
}

function addCaptures(graph: Graph, into: Set<string>): void {
  const own = new Set<string>([
    ...graph.inputs.map((p) => p.name),
    ...graph.initializers.keys(),
    ...graph.sparse.keys(),
  ]);
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  for (const node of graph.nodes) {
    for (const name of node.inputs) if (name !== '' && !own.has(name)) into.add(name);
    for (const name of capturesOf(node)) if (!own.has(name)) into.add(name);
  }
  for (const port of graph.outputs) if (!own.has(port.name)) into.add(port.name);
}

/** Every outer value a node reads: its inputs that are there, and its subgraphs' captures. */
export function readsOf(node: Node): ReadonlySet<string> {
  const reads = capturesOf(node) as Set<string>;
  for (const name of node.inputs) if (name !== '') reads.add(name);
  return reads;
}
