// Models of one node, for checking an operator against onnxruntime: inputs as graph inputs or as constants.
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { writeOnnx } from '../../src/formats/onnx/index.ts';
import type { Attribute, Model, Node, Shape, ValueType } from '../../src/ir/index.ts';
import { attributes, Tensor, tensorType } from '../../src/ir/index.ts';

export interface OneNode {
  readonly op: string;
  readonly opset?: number;
  readonly domain?: string;
  /** A tensor is a value; a type stands for one not known; undefined is an input left out. */
  readonly inputs: readonly (Tensor | ValueType | undefined)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Default 1. */
  readonly outputs?: number;
  /** Tensors that are graph inputs instead of constants; 'all' for every one. */
  readonly fed?: readonly number[] | 'all';
}

export const outputName = (i: number): string => `y${i}`;
const inputName = (i: number): string => `x${i}`;

export function nodeOf(spec: OneNode): Node {
  return {
    name: 'node',
    op: spec.op,
    domain: spec.domain ?? '',
    inputs: spec.inputs.map((x, i) => (x === undefined ? '' : inputName(i))),
    outputs: Array.from({ length: spec.outputs ?? 1 }, (_, i) => outputName(i)),
    attributes: attributes(spec.attributes ?? {}),
  };
}

/** The outputs' types are left open unless given, so that nothing is told to who infers them. */
export function modelOf(spec: OneNode, types: readonly (ValueType | undefined)[] = []): Model {
  const node = nodeOf(spec);
  const isFed = (i: number): boolean => spec.fed === 'all' || (spec.fed ?? []).includes(i);
  const named = spec.inputs.map((x, i) => [inputName(i), x, isFed(i)] as const);
  return {
    graph: {
      name: 'one-node',
      inputs: named.flatMap(([name, x, fed]) => {
        if (x === undefined || (x instanceof Tensor && !fed)) return [];
        return [{ name, type: x instanceof Tensor ? tensorType(x.dtype, x.dims) : x }];
      }),
      outputs: node.outputs.map((name, i) => ({ name, type: types[i] ?? tensorType('float32', undefined) })),
      nodes: [node],
      initializers: new Map(
        named.flatMap(([name, x, fed]): [string, Tensor][] =>
          x instanceof Tensor && !fed ? [[name, x]] : [],
        ),
      ),
      types: new Map(),
      sparse: new Map(),
      extras: [],
    },
    irVersion: 8,
    opsets: new Map([['', spec.opset ?? 17], ...(spec.domain ? [[spec.domain, 1] as const] : [])]),
    producerName: '',
    producerVersion: '',
    metadata: new Map(),
    functions: [],
    extras: [],
  };
}

export const engine = await onnxruntimeNode();

/** What onnxruntime computes; the outputs' dtypes must be told. Every tensor is fed, so that nothing is folded. */
export async function runOneNode(spec: OneNode, dtypes: readonly ValueType[]): Promise<readonly Tensor[]> {
  const model = modelOf({ ...spec, fed: spec.fed ?? 'all' }, dtypes);
  const session = await engine.load(writeOnnx(model), { optimization: 'none' });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const [i, x] of spec.inputs.entries())
      if (x instanceof Tensor && model.graph.inputs.some((p) => p.name === inputName(i)))
        feeds[inputName(i)] = x;
    const results = await session.run(feeds);
    return model.graph.outputs.map((port) => results[port.name]!);
  } finally {
    await session.dispose();
  }
}

/** A float32 input of unknown values. */
export function floats(...shape: Shape): ValueType {
  return tensorType('float32', shape);
}

export function int64s(...values: readonly (number | bigint)[]): Tensor {
  return Tensor.from('int64', [values.length], values);
}
