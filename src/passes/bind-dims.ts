/** Gives named sizes a number, so that shapes are known and memory can be planned: octavo ... --dim N=1. */
import { invalidArgument } from '../base/errors.ts';
import { withParts } from '../ir/graph.ts';
import type { Attribute, Dim, Graph, Model, Node, Port, ValueType } from '../ir/index.ts';
import { shapeOf } from '../ir/index.ts';
import type { Pass } from './pass.ts';

/**
 * Replaces named sizes in inputs, outputs and inner types; an input's unnamed size is bound as `input:axis`.
 * Throws INVALID_ARGUMENT for a name the model does not have, and for sizes that are not positive integers.
 * Not idempotent in the way of other passes: a name that is bound is gone, so binding it again is an error.
 */
export function bindDims(dims: Readonly<Record<string, number>>): Pass {
  const sizes = new Map(Object.entries(dims));
  return {
    name: 'bind-dims',
    why: 'sizes that are known beforehand make shapes static',
    run(model) {
      if (sizes.size === 0) return model;
      check(model, sizes);
      return withParts(model, { graph: bound(model.graph, sizes) });
    },
  };
}

/** Named sizes of the model's inputs, outputs and inner values, and the unnamed ones of inputs as `input:axis`. */
export function bindableDims(model: Model): readonly string[] {
  const { inputs, outputs, types } = model.graph;
  const names = new Set<string>();
  for (const port of inputs)
    shapeOf(port.type)?.forEach((dim, axis) => {
      if (dim === null) names.add(`${port.name}:${axis}`);
    });
  for (const type of [...inputs, ...outputs].map((p) => p.type).concat([...types.values()]))
    for (const dim of shapeOf(type) ?? []) if (typeof dim === 'string') names.add(dim);
  return [...names];
}

function check(model: Model, sizes: ReadonlyMap<string, number>): void {
  const known = bindableDims(model);
  for (const [name, size] of sizes) {
    if (!known.includes(name))
      throw invalidArgument(
        `size '${name}'`,
        known.length === 0
          ? 'every size of the model is known already'
          : 'the model has no size of that name',
        known.length === 0 ? 'Leave it out' : `Choose from ${known.map((n) => `'${n}'`).join(', ')}`,
      );
    if (!Number.isSafeInteger(size) || size < 1)
      throw invalidArgument(
        `size '${name}'`,
        `${size} is not a positive whole number`,
        'Give a size from 1 up',
      );
  }
}

function bound(graph: Graph, sizes: ReadonlyMap<string, number>): Graph {
  const port = (p: Port, name: string): Port => {
    const type = boundType(p.type, sizes, name);
    return type === p.type ? p : { name: p.name, type };
  };
  const { source: _, ...rest } = graph;
  return {
    ...rest,
    inputs: graph.inputs.map((p) => port(p, p.name)),
    outputs: graph.outputs.map((p) => port(p, '')),
    types: new Map([...graph.types].map(([name, type]) => [name, boundType(type, sizes, '')])),
    nodes: graph.nodes.map((node) => boundBodies(node, sizes)),
  };
}

/** A subgraph's types use the same names. */
function boundBodies(node: Node, sizes: ReadonlyMap<string, number>): Node {
  if (![...node.attributes.values()].some((a) => a.type === 'graph' || a.type === 'graphs')) return node;
  // `input:axis` means inputs of the model, not of a body.
  const named = new Map([...sizes].filter(([name]) => !name.includes(':')));
  const attributes = new Map(
    [...node.attributes].map(([name, a]): [string, Attribute] => {
      if (a.type === 'graph') return [name, { type: 'graph', value: bound(a.value, named) }];
      if (a.type === 'graphs') return [name, { type: 'graphs', value: a.value.map((g) => bound(g, named)) }];
      return [name, a];
    }),
  );
  const { source: _, ...rest } = node;
  return { ...rest, attributes };
}

function boundType(type: ValueType, sizes: ReadonlyMap<string, number>, input: string): ValueType {
  if (type.kind === 'opaque' || type.shape === undefined) return type;
  const shape = type.shape.map((dim, axis): Dim => {
    if (typeof dim === 'number') return dim;
    return sizes.get(dim ?? (input === '' ? '' : `${input}:${axis}`)) ?? dim;
  });
  return shape.every((d, i) => d === type.shape![i]) ? type : { ...type, shape };
}
