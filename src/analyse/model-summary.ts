/** What a model is made of, counted without reading a weight. */
import type { DType, Graph, Model, Node, Port, Shape, Tensor } from '../ir/index.ts';
import { dtypeOf, shapeOf } from '../ir/index.ts';
import { subgraphsOf } from '../ir/verify.ts';

export interface PortSummary {
  readonly name: string;
  /** Absent: a sequence, a map, or not stated. */
  readonly dtype?: DType;
  readonly shape?: Shape;
}

export interface DTypeShare {
  readonly dtype: DType;
  readonly tensors: number;
  readonly elements: number;
  readonly bytes: number;
}

export interface ParameterSummary {
  readonly tensors: number;
  readonly elements: number;
  readonly bytes: number;
  /** Most bytes first. */
  readonly byDType: readonly DTypeShare[];
}

export interface OperatorCount {
  /** With its domain in front where that is not ONNX's own. */
  readonly op: string;
  readonly count: number;
}

export function portSummary({ name, type }: Port): PortSummary {
  const dtype = dtypeOf(type);
  const shape = shapeOf(type);
  return { name, ...(dtype === undefined ? {} : { dtype }), ...(shape === undefined ? {} : { shape }) };
}

/** Initializers and Constant nodes, those of subgraphs included. */
export function parametersOf(model: Model): ParameterSummary {
  const shares = new Map<DType, { tensors: number; elements: number; bytes: number }>();
  const add = (tensor: Tensor): void => {
    const share = shares.get(tensor.dtype) ?? { tensors: 0, elements: 0, bytes: 0 };
    share.tensors++;
    share.elements += tensor.size;
    share.bytes += tensor.byteLength;
    shares.set(tensor.dtype, share);
  };
  for (const graph of graphsOf(model.graph)) {
    for (const tensor of graph.initializers.values()) add(tensor);
    for (const node of graph.nodes) {
      const value = node.op === 'Constant' ? node.attributes.get('value') : undefined;
      if (value?.type === 'tensor') add(value.value);
    }
  }
  const byDType = [...shares].map(([dtype, share]) => ({ dtype, ...share }));
  const sum = (of: 'tensors' | 'elements' | 'bytes') => byDType.reduce((n, share) => n + share[of], 0);
  return {
    tensors: sum('tensors'),
    elements: sum('elements'),
    bytes: sum('bytes'),
    byDType: byDType.sort((a, b) => b.bytes - a.bytes || (a.dtype < b.dtype ? -1 : 1)),
  };
}

/** Most first; bodies of If, Loop and Scan included. */
export function operatorCounts(graph: Graph): readonly OperatorCount[] {
  const counts = new Map<string, number>();
  for (const inner of graphsOf(graph))
    for (const node of inner.nodes) counts.set(opName(node), (counts.get(opName(node)) ?? 0) + 1);
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

export function opName({ op, domain }: Pick<Node, 'op' | 'domain'>): string {
  return domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
}

/** The graph and every body within. */
function* graphsOf(graph: Graph): Generator<Graph> {
  const pending = [graph];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    for (const node of next.nodes) pending.push(...subgraphsOf(node));
  }
}
