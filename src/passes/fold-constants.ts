/**
 * Computes ahead what depends on no input: constants' arithmetic, and shape computations once the sizes are known.
 * Only exact evaluators run (see ops), so an engine computes the same bits.
 */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Draft, Model, Node, Tensor, ValueType } from '../ir/index.ts';
import {
  dtypeOf,
  isOnnxDomain,
  opsetOf,
  shapeOf,
  staticDims,
  storageBytes,
  tensorAttr,
} from '../ir/index.ts';
import type { OperatorContract, TypeTable } from '../ops/index.ts';
import { contractOf, inferTypes } from '../ops/index.ts';
import type { Pass } from './pass.ts';
import { graphPass } from './pass.ts';

/** Results up to here are always stored. */
const tinyBytes = 4096;
/** A blow-up (an Expand, a ConstantOfShape) is stored up to here. */
const smallBytes = 2 ** 20;
/** What is at most this many times the constants of the model it is made of (bytes cast to float32) is no blow-up. */
const growth = 4;
/**
 * How large all constants may become by blow-ups, and by growth at all. Measured on the model, not on what one run
 * adds, so that running the pass again does not get round it.
 */
const blowUpLimit = 2 ** 28;
const growthLimit = 2 ** 31;
/**
 * Bytes made in one run, beside four times the constants there were: a chain of growing Concats in a file of a kilobyte
 * ends before it takes a second or memory that anybody misses.
 */
const workLimit = 2 ** 24;
/**
 * Bytes by which results may exceed what they are made of, in one run, beside as many as the constants there were (weights
 * cast from float16 to float32): what is made stays in memory until the result is written.
 */
const grownLimit = 2 ** 23;
/** Each sweep may make sizes known to the next; exports need one or two. */
const maxSweeps = 16;

const name = 'fold-constants';
const why = 'What depends on no input is computed once, here, and not in every run';

export const foldConstants: Pass = {
  name,
  why,
  run(model) {
    const bytes = bytesOfConstants(model);
    const origins = new Map<string, number>();
    const work: Work = { bytesLeft: workLimit + 4 * bytes, growthLeft: grownLimit + bytes, origins };
    const oneSweep = graphPass(name, why, (draft, current) => sweep(draft, current, work));
    let current = model;
    for (let i = 0; i < maxSweeps && work.bytesLeft > 0; i++) {
      const next = oneSweep.run(current);
      if (next === current) break;
      current = next;
    }
    return current;
  },
};

function bytesOfConstants(model: Model): number {
  let bytes = 0;
  for (const tensor of model.graph.initializers.values()) bytes += tensor.byteLength;
  for (const node of model.graph.nodes)
    if (node.op === 'Constant') bytes += tensorAttr(node, 'value')?.byteLength ?? 0;
  return bytes;
}

function sweep(draft: Draft, model: Model, work: Work): void {
  const table = inferTypes(model);
  const state: Sweep = { draft, model, table, work, totalBytes: bytesOfConstants(model) };
  for (const node of model.graph.nodes) {
    const contract = contractOf(node);
    // A constant graph output keeps its node: engines differ on outputs that nothing makes.
    if (contract?.evaluate === undefined || node.outputs.some((output) => draft.isOutput(output))) continue;
    // Weights that are INT8 in the file stay INT8.
    if (node.op === 'DequantizeLinear') continue;
    const results = known(node, table) ?? computed(node, contract, state);
    if (results === undefined) continue;
    draft.remove(node);
    for (const [output, tensor] of results) draft.setInitializer(output, tensor);
  }
}

interface Work {
  bytesLeft: number;
  growthLeft: number;
  /** Of what was made: the bytes of the model's own constants behind it. In a chain of doublings each step looks modest. */
  readonly origins: Map<string, number>;
}

type Results = ReadonlyMap<string, Tensor>;

interface Sweep {
  readonly draft: Draft;
  readonly model: Model;
  readonly table: TypeTable;
  readonly work: Work;
  /** Of all constants, those that are not needed any more included. */
  totalBytes: number;
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

function computed(node: Node, contract: OperatorContract, state: Sweep): Results | undefined {
  const { draft, model, table, work } = state;
  const inputs = node.inputs.map((input) => (input === '' ? undefined : draft.constant(input)));
  if (inputs.some((tensor, i) => tensor === undefined && node.inputs[i] !== '')) return undefined;
  // Once each: a tensor joined with itself grows.
  const before = [...new Set(inputs)].reduce((bytes, tensor) => bytes + (tensor?.byteLength ?? 0), 0);
  const origin = [...new Set(node.inputs)].reduce(
    (bytes, input) => bytes + (work.origins.get(input) ?? draft.constant(input)?.byteLength ?? 0),
    0,
  );
  // A Constant's tensor is only handed on.
  const allowed = node.op === 'Constant' ? Number.POSITIVE_INFINITY : allowedBytes({ before, origin }, state);
  // Asked before anything is computed, so that a blow-up is not even tried.
  if (node.outputs.some((output) => bytesOf(table.get(output)) > allowed)) return undefined;
  const opset = opsetOf(model, isOnnxDomain(node.domain) ? '' : node.domain);
  const made = evaluated(contract, { node, opset, inputs });
  const after = made?.reduce((bytes, tensor) => bytes + tensor.byteLength, 0) ?? 0;
  if (made === undefined || after > allowed) return undefined;
  state.totalBytes += after;
  if (node.op !== 'Constant') {
    work.bytesLeft -= after;
    work.growthLeft -= Math.max(0, after - before);
    for (const output of node.outputs) work.origins.set(output, origin);
  }
  const results = new Map<string, Tensor>();
  for (const [i, output] of node.outputs.entries()) {
    if (output === '') continue;
    const tensor = made[i];
    if (tensor === undefined) return undefined;
    results.set(output, tensor);
  }
  return results;
}

function allowedBytes(
  { before, origin }: { readonly before: number; readonly origin: number },
  { totalBytes, work }: Sweep,
): number {
  if (work.bytesLeft <= 0) return tinyBytes;
  const grown = Math.min(growth * origin, growthLimit - totalBytes);
  const blownUp = Math.min(smallBytes, blowUpLimit - totalBytes);
  const largest = Math.min(Math.max(before, grown, blownUp), before + Math.max(0, work.growthLeft));
  return Math.max(tinyBytes, Math.min(largest, work.bytesLeft));
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
