/**
 * What is a function of one code, through however many nodes, becomes a table: a GELU spelled as nine of them, x * sigmoid(x), a
 * scale and a clip. The reference computes the 256 results while compiling, so that the bits are its own, and the floats between
 * are never made.
 */
import { UnsupportedError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Node, Tensor } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';
import { elementwiseContracts } from '../ops/elementwise/index.ts';
import { computeNode } from '../ops/index.ts';
import { unaryContracts } from '../ops/unary/index.ts';
import { everyCode, hasTable, isTable, tableNode } from './lowering/table.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';
import { neededNodes } from './ready-graph.ts';

/** How a value comes from the codes of another one of the same shape. */
interface FunctionOfCodes {
  readonly root: ReadyValue;
  /** Of every code, from the lowest. */
  readonly results: Tensor;
  /** Of the nodes one behind the other: 1 for each that a vector does at once, more for others. */
  readonly work: number;
}

const moves: ReadonlySet<string> = new Set(['Identity', 'Dropout']);
const elementwise: ReadonlySet<string> = new Set([
  ...[...unaryContracts, ...elementwiseContracts].map(({ op }) => op).filter((op) => !moves.has(op)),
  'QuantizeLinear',
  'DequantizeLinear',
]);
const cheap: ReadonlySet<string> = new Set([
  ...['QuantizeLinear', 'DequantizeLinear', 'Add', 'Sub', 'Mul', 'Sum', 'Max', 'Min'],
  ...['Relu', 'Clip', 'Neg', 'Abs', 'LeakyRelu'],
]);
const costly = 3;

/** The graph with a lookup for every such value that is still needed, and without the nodes that are not. */
export function functionsOfCodes(graph: ReadyGraph): ReadyGraph {
  const known = new Map<string, FunctionOfCodes>();
  const nodes = graph.nodes.map((node) => {
    const made = ifSupported(() => functionOf(graph, node, known));
    if (made === undefined) return node;
    const value = graph.value(node.outputs[0]!);
    known.set(value.name, made);
    return isWorthATable(value, made) ? tableNode(node, made.root.name, made.results) : node;
  });
  return {
    ...graph,
    nodes: neededNodes({ outputs: graph.outputs, nodes }),
    // No model imports the domain of tables.
    opsetOf: (node) => (isTable(node) ? 1 : graph.opsetOf(node)),
  };
}

/** A lookup takes as long as two steps of vectors to floats, and as one to codes. */
function isWorthATable({ quant, dtype }: ReadyValue, { results, work }: FunctionOfCodes): boolean {
  if (quant?.axis !== undefined || results.dtype !== dtype || !hasTable(dtype)) return false;
  return work > (quant === undefined ? 2 : 1);
}

/** What is not known or not computed here is said by who needs it. */
function ifSupported<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

function functionOf(
  graph: ReadyGraph,
  node: Node,
  known: ReadonlyMap<string, FunctionOfCodes>,
): FunctionOfCodes | undefined {
  const [output, ...others] = node.outputs;
  if (!isOnnxDomain(node.domain) || !elementwise.has(node.op)) return undefined;
  if (output === undefined || output === '' || others.some((name) => name !== '')) return undefined;
  const values = node.inputs.map((name) => (name === '' ? undefined : graph.value(name)));
  const sources = values.map((value) =>
    value === undefined || value.constant !== undefined
      ? undefined
      : (known.get(value.name) ?? ofItself(value)),
  );
  const { dims } = graph.value(output);
  for (const [i, value] of values.entries())
    if (value?.constant !== undefined) {
      if (elementCount(value.dims) !== 1 || value.quant?.axis !== undefined) return undefined;
    } else if (value !== undefined && (sources[i] === undefined || !sameDims(value.dims, dims)))
      return undefined;
  const [first, ...rest] = sources.filter((source) => source !== undefined);
  if (first === undefined || rest.some(({ root }) => root !== first.root)) return undefined;
  const inputs = values.map((value, i) => value?.constant?.reshaped([]) ?? sources[i]?.results);
  const [results] = computeNode({
    node,
    opset: graph.opsetOf(node),
    inputs,
    inputQuant: values.map((value) => value?.quant),
    outputQuant: [graph.value(output).quant],
    runBody: () => [],
  });
  if (results?.size !== 256) return undefined;
  const before = Math.max(first.work, ...rest.map(({ work }) => work));
  return { root: first.root, results, work: before + (cheap.has(node.op) ? 1 : costly) };
}

function ofItself(root: ReadyValue): FunctionOfCodes | undefined {
  const results = everyCode(root.quant);
  return results && { root, results, work: 0 };
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
