/**
 * Computes ahead what depends on no input: constants' arithmetic, and shape computations once the sizes are known.
 * Only exact evaluators run (see ops), so an engine computes the same bits.
 */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Draft, Model, Node, Tensor, ValueType } from '../ir/index.ts';
import { dtypeOf, isOnnxDomain, opsetOf, shapeOf, staticDims, storageBytes } from '../ir/index.ts';
import type { OperatorContract, TypeTable } from '../ops/index.ts';
import { contractOf, inferTypes } from '../ops/index.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';

/** A result is stored when it is small, or not much larger than what it was made from. */
const smallBytes = 2 ** 20;
const growth = 8;
/** What all results together may add to a model, so that many small blow-ups are no way around. */
const addedBytes = 2 ** 28;
/** Each sweep may make sizes known to the next; exports need one or two. */
const maxSweeps = 16;

const name = 'fold-constants';
const why = 'What depends on no input is computed once, here, and not in every run';

export const foldConstants: Pass = {
  name,
  why,
  run(model) {
    let current = model;
    for (let sweep = 0; sweep < maxSweeps; sweep++) {
      const next = oneSweep.run(current);
      if (next === current) break;
      current = next;
    }
    return current;
  },
};

const oneSweep = graphPass(name, why, (draft, model) => {
  const table = inferTypes(model);
  const sweep: Sweep = { draft, model, table, spareBytes: addedBytes };
  for (const node of model.graph.nodes) {
    const contract = contractOf(node);
    // A constant graph output keeps its node: engines differ on outputs that nothing makes.
    if (contract?.evaluate === undefined || node.outputs.some((output) => draft.isOutput(output))) continue;
    // Weights that are INT8 in the file stay INT8.
    if (node.op === 'DequantizeLinear') continue;
    const results = known(node, table) ?? computed(node, contract, sweep);
    if (results === undefined) continue;
    draft.remove(node);
    for (const [output, tensor] of results) draft.setInitializer(output, tensor);
  }
});

type Results = ReadonlyMap<string, Tensor>;

interface Sweep {
  readonly draft: Draft;
  readonly model: Model;
  readonly table: TypeTable;
  spareBytes: number;
}

/** Integers that shape inference worked out already, though an input is none of the constants. */
function known(node: Node, table: TypeTable): Results | undefined {
  const results = new Map<string, Tensor>();
  for (const output of node.outputs) {
    if (output === '') continue;
    const tensor = table.constant(output);
    if (tensor === undefined || !shapeTypes.has(tensor.dtype)) return undefined;
    results.set(output, tensor);
  }
  return results;
}

const shapeTypes: ReadonlySet<string> = new Set(['int64', 'int32', 'bool']);

function computed(node: Node, contract: OperatorContract, sweep: Sweep): Results | undefined {
  const { draft, model, table } = sweep;
  const inputs = node.inputs.map((input) => (input === '' ? undefined : draft.constant(input)));
  if (inputs.some((tensor, i) => tensor === undefined && node.inputs[i] !== '')) return undefined;
  const before = inputs.reduce((bytes, tensor) => bytes + (tensor?.byteLength ?? 0), 0);
  const allowed =
    node.op === 'Constant'
      ? Number.POSITIVE_INFINITY
      : Math.min(Math.max(smallBytes, growth * before), before + sweep.spareBytes);
  // Asked before anything is computed, so that a blow-up is not even tried.
  if (node.outputs.some((output) => bytesOf(table.get(output)) > allowed)) return undefined;
  const opset = opsetOf(model, isOnnxDomain(node.domain) ? '' : node.domain);
  const made = evaluated(contract, { node, opset, inputs });
  const after = made?.reduce((bytes, tensor) => bytes + tensor.byteLength, 0) ?? 0;
  if (made === undefined || after > allowed) return undefined;
  if (node.op !== 'Constant') sweep.spareBytes -= Math.max(0, after - before);
  const results = new Map<string, Tensor>();
  for (const [i, output] of node.outputs.entries()) {
    if (output === '') continue;
    const tensor = made[i];
    if (tensor === undefined) return undefined;
    results.set(output, tensor);
  }
  return results;
}

/** 0 where it is not known. */
function bytesOf(type: ValueType | undefined): number {
  const dims = staticDims(shapeOf(type));
  const dtype = type && dtypeOf(type);
  return dims && dtype ? storageBytes(dtype, elementCount(dims)) : 0;
}

/** Undefined where the operator has no exact answer, or cannot be: an engine then says so, with the node's name. */
function evaluated(
  contract: OperatorContract,
  context: Parameters<NonNullable<OperatorContract['evaluate']>>[0],
): readonly Tensor[] | undefined {
  try {
    return contract.evaluate?.(context);
  } catch (error) {
    const harmless =
      error instanceof OctavoError && (error.code === 'UNSUPPORTED' || error.code === 'INVALID_GRAPH');
    if (!harmless) throw error;
    return undefined;
  }
}
