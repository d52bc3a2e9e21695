/**
 * What is a function of one code, through however many nodes, becomes a table: a GELU spelled as nine of them, x * sigmoid(x), a
 * scale and a clip. The reference computes the 256 results while compiling, so that the bits are its own, and the floats between
 * are never made.
 */
import { UnsupportedError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Node } from '../ir/index.ts';
import { isOnnxDomain, quantizedRanges, Tensor } from '../ir/index.ts';
import { elementwiseContracts } from '../ops/elementwise/index.ts';
import { referenceOf, referenceOnCodes } from '../ops/index.ts';
import { unaryContracts } from '../ops/unary/index.ts';
import { tableNode } from './lowering/table.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';
import { neededNodes } from './ready-graph.ts';

/** How a value comes from the codes of another one of the same shape. */
interface FunctionOfCodes {
  readonly root: ReadyValue;
  /** Of every code, from the lowest. */
  readonly results: Tensor;
  /** Nodes one behind the other. */
  readonly steps: number;
}

const moves: ReadonlySet<string> = new Set(['Identity', 'Dropout']);
const elementwise: ReadonlySet<string> = new Set([
  ...[...unaryContracts, ...elementwiseContracts].map(({ op }) => op).filter((op) => !moves.has(op)),
  'QuantizeLinear',
  'DequantizeLinear',
]);

/** A single node keeps its own kernel; two and more become one lookup. */
const fewestSteps = 2;

/** The graph with a lookup for every such value that is still needed, and without the nodes that are not. */
export function functionsOfCodes(graph: ReadyGraph): ReadyGraph {
  const known = new Map<string, FunctionOfCodes>();
  const tables = new Map<string, ReadyValue>();
  const nodes = graph.nodes.map((node) => {
    const made = functionOf(graph, node, known);
    if (made === undefined) return node;
    const value = graph.value(node.outputs[0]!);
    known.set(value.name, made);
    if (made.steps < fewestSteps || !hasTable(value)) return node;
    const name = `${value.name} by code`;
    const { dims, dtype } = made.results;
    tables.set(name, { name, dims, dtype, quant: undefined, constant: made.results });
    return tableNode(node, made.root.name, name);
  });
  if (tables.size === 0) return graph;
  return {
    ...graph,
    nodes: neededNodes({ outputs: graph.outputs, nodes }),
    opsetOf: (node) => (isOnnxDomain(node.domain) ? graph.opsetOf(node) : 1),
    value: (name) => tables.get(name) ?? graph.value(name),
  };
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
      : (known.get(value.name) ?? everyCode(value)),
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
  const results = evaluated(graph, node, inputs);
  if (results?.size !== 256) return undefined;
  return { root: first.root, results, steps: 1 + Math.max(first.steps, ...rest.map((s) => s.steps)) };
}

/** A value of codes as the function of itself. */
function everyCode(root: ReadyValue): FunctionOfCodes | undefined {
  const { quant } = root;
  if (quant === undefined || quant.axis !== undefined) return undefined;
  const { dtype } = quant;
  if (dtype !== 'uint8' && dtype !== 'int8') return undefined;
  const { min } = quantizedRanges[dtype];
  const codes = Array.from({ length: 256 }, (_, i) => min + i);
  return { root, results: Tensor.from(dtype, [256], codes), steps: 0 };
}

/** Undefined where the reference does not compute it. */
function evaluated(
  graph: ReadyGraph,
  node: Node,
  inputs: readonly (Tensor | undefined)[],
): Tensor | undefined {
  const quantOf = (name: string) => (name === '' ? undefined : graph.value(name).quant);
  const context = {
    node,
    opset: graph.opsetOf(node),
    inputs,
    inputQuant: node.inputs.map(quantOf),
    outputQuant: node.outputs.map(quantOf),
    runBody: () => [],
  };
  const onCodes = [...context.inputQuant, ...context.outputQuant].some((quant) => quant !== undefined);
  try {
    return (onCodes ? referenceOnCodes(context) : referenceOf(node)(context))[0];
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

function hasTable({ quant, dtype }: ReadyValue): boolean {
  if (quant === undefined) return dtype === 'float32' || dtype === 'bool';
  return quant.axis === undefined && (quant.dtype === 'uint8' || quant.dtype === 'int8');
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
