/**
 * ScatterElements (once Scatter) and ScatterND: data with some elements replaced, or joined with updates in the order
 * these stand in. Of several replacements of one element the last stays. Sums and products of floats are in doubles, rounded once.
 */
import type { Node, Tensor } from '../../ir/index.ts';
import { stringAttr } from '../../ir/index.ts';
import type { Evaluate, EvaluateContext } from '../contract.ts';
import {
  bigsOf,
  cannotEvaluate,
  inputAt,
  integersOf,
  isFloat,
  isWide,
  larger,
  largerBig,
  makeBigs,
  makeNumbers,
  numbersOf,
  smaller,
  smallerBig,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { joinElements, moveElements } from '../move.ts';
import { realsOf, roundReals } from '../reals.ts';
import { elementPlaces, slicePlaces } from './gather.ts';

export const referenceScatterElements: Evaluate = (context) => {
  const { node } = context;
  const [data, indices, updates] = [inputAt(context, 0), inputAt(context, 1), inputAt(context, 2)];
  if (updates.dims.join() !== indices.dims.join())
    throw impossible(node, `updates [${updates.dims.join(',')}] for indices [${indices.dims.join(',')}]`);
  return [scattered(node, data, updates, elementPlaces(node, data.dims, indices.dims, integersOf(indices)))];
};

export const referenceScatterND: Evaluate = (context) => {
  const { node } = context;
  const [data, indices, updates] = [inputAt(context, 0), inputAt(context, 1), inputAt(context, 2)];
  const table = { dims: indices.dims, values: integersOf(indices) };
  const { starts, size } = slicePlaces(node, data.dims, table, 0);
  if (updates.size !== starts.length * size)
    throw impossible(node, `updates [${updates.dims.join(',')}] for indices [${indices.dims.join(',')}]`);
  const to = Int32Array.from({ length: updates.size }, (_, i) => starts[Math.floor(i / size)]! + (i % size));
  return [scattered(node, data, updates, to)];
};

export const evaluateScatterElements: Evaluate = (context) => referenceScatterElements(movesOnly(context));

export const evaluateScatterND: Evaluate = (context) => referenceScatterND(movesOnly(context));

/** What is joined is rounded, and engines differ there. */
function movesOnly(context: EvaluateContext): EvaluateContext {
  const reduction = stringAttr(context.node, 'reduction', 'none');
  if (reduction !== 'none') throw cannotEvaluate(context.node, `reduction '${reduction}' is rounded`);
  return context;
}

/** Update i goes to element `to[i]`. */
function scattered(node: Node, data: Tensor, updates: Tensor, to: Int32Array): Tensor {
  if (updates.dtype !== data.dtype)
    throw impossible(node, `updates of ${updates.dtype} for data of ${data.dtype}`);
  const reduction = stringAttr(node, 'reduction', 'none');
  if (reduction === 'none') return replaced(node, data, updates, to);
  const rule = Object.hasOwn(rules, reduction) ? rules[reduction as keyof typeof rules] : undefined;
  if (rule === undefined) throw impossible(node, `reduction '${reduction}' is none of ONNX's`);
  const { dtype, dims } = data;
  if (isWide(dtype)) {
    const values = Array.from(bigsOf(data));
    const more = bigsOf(updates);
    for (let i = 0; i < to.length; i++) values[to[i]!] = rule.bigs(values[to[i]!]!, more[i]!);
    return makeBigs(node, dtype, dims, (i) => values[i]!);
  }
  if (isFloat(dtype)) {
    const values = realsOf(node, data).slice();
    const more = realsOf(node, updates);
    for (let i = 0; i < to.length; i++) values[to[i]!] = rule.numbers(values[to[i]!]!, more[i]!);
    return roundReals(node, dtype, dims, values);
  }
  if (dtype === 'bool' || dtype === 'string')
    throw cannotEvaluate(node, `${dtype} is not joined by ${reduction}`);
  const values = Int32Array.from(numbersOf(data));
  const more = numbersOf(updates);
  // uint32 needs all 32 bits unsigned where it is compared.
  const unsigned = dtype === 'uint32' && reduction !== 'add' && reduction !== 'mul';
  for (let i = 0; i < to.length; i++) {
    const known = unsigned ? values[to[i]!]! >>> 0 : values[to[i]!]!;
    values[to[i]!] = reduction === 'mul' ? Math.imul(known, more[i]!) : rule.numbers(known, more[i]!);
  }
  return makeNumbers(node, dtype, dims, (i) => values[i]!);
}

const rules = {
  add: { numbers: (a: number, b: number) => a + b, bigs: (a: bigint, b: bigint) => a + b },
  mul: {
    numbers: (a: number, b: number) => a * b,
    bigs: (a: bigint, b: bigint) => BigInt.asIntN(64, a * b),
  },
  max: { numbers: larger, bigs: largerBig },
  min: { numbers: smaller, bigs: smallerBig },
};

function replaced(node: Node, data: Tensor, updates: Tensor, to: Int32Array): Tensor {
  const [count, more] = [data.size, updates.size];
  const flat = [data.reshaped([count]), updates.reshaped([more])];
  const both = joinElements(node, flat, [count + more], { outer: 1, inner: [count, more] });
  const from = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < more; i++) from[to[i]!] = count + i;
  return moveElements(node, both, data.dims, from);
}
