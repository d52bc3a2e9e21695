/**
 * Einsum: for each output place the sum, over the letters it lacks in the order they first occur, of the products of its
 * inputs from left to right. Floats in doubles, rounded once; integers wrap.
 */
import type { Node, Tensor } from '../../ir/index.ts';
import { staticDims, stringAttr } from '../../ir/index.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { realsOf, roundReals } from '../reals.ts';
import { einsumShape, einsumTerms } from './einsum.ts';

export const referenceEinsum: Reference = (context) => {
  const { node } = context;
  const inputs = node.inputs.map((_, i) => inputAt(context, i));
  const equation = stringAttr(node, 'equation', '');
  const dtype = inputs[0]!.dtype;
  if (inputs.some((t) => t.dtype !== dtype)) throw impossible(node, 'the inputs have several dtypes');
  const shapes = inputs.map((t) => t.dims);
  const dims = staticDims(einsumShape(node, equation, shapes))!;
  const places = placesOf(node, equation, shapes);
  boundedCount(node, dims);
  if (isFloat(dtype))
    return [
      roundReals(
        node,
        dtype,
        dims,
        sumsOfFloats(
          inputs.map((t) => realsOf(node, t)),
          places,
        ),
      ),
    ];
  return [sumsOfIntegers(node, inputs, dims, places)];
};

/** Of each input: where the products of an output start, and the steps to those after the first. */
interface Places {
  readonly starts: readonly Int32Array[];
  readonly steps: readonly Int32Array[];
}

function placesOf(node: Node, equation: string, shapes: readonly (readonly number[])[]): Places {
  const { inputs, output } = einsumTerms(node, equation, shapes);
  const sizes = new Map<string, number>();
  for (const [i, labels] of inputs.entries())
    for (const [axis, label] of labels.entries())
      if (sizes.get(label) === undefined || sizes.get(label) === 1) sizes.set(label, shapes[i]![axis]!);
  if (new Set(output).size !== output.length || output.some((label) => !sizes.has(label)))
    throw impossible(node, `the output of '${equation}' repeats or invents a letter`);
  const summed = [...sizes.keys()].filter((label) => !output.includes(label));
  const walkOver = (labels: readonly string[], own: readonly string[], shape: readonly number[]) => {
    const strides = stridesOf(shape);
    // A letter twice in one term walks the diagonal; a size of 1 repeats.
    const along = labels.map((label) =>
      own.reduce((sum, l, axis) => (l === label && shape[axis] !== 1 ? sum + strides[axis]! : sum), 0),
    );
    const over = labels.map((label) => sizes.get(label)!);
    boundedCount(node, over);
    return walk(over, along);
  };
  return {
    starts: inputs.map((own, i) => walkOver(output, own, shapes[i]!)),
    steps: inputs.map((own, i) => walkOver(summed, own, shapes[i]!)),
  };
}

function sumsOfFloats(data: readonly Float64Array[], { starts, steps }: Places): Float64Array {
  const sums = new Float64Array(starts[0]!.length);
  const [first, ...others] = data;
  for (let o = 0; o < sums.length; o++) {
    let sum = 0;
    for (let s = 0; s < steps[0]!.length; s++) {
      let product = first![starts[0]![o]! + steps[0]![s]!]!;
      for (let i = 0; i < others.length; i++) product *= others[i]![starts[i + 1]![o]! + steps[i + 1]![s]!]!;
      sum += product;
    }
    sums[o] = sum;
  }
  return sums;
}

function sumsOfIntegers(
  node: Node,
  inputs: readonly Tensor[],
  dims: readonly number[],
  { starts, steps }: Places,
): Tensor {
  const { dtype } = inputs[0]!;
  if (dtype === 'bool' || dtype === 'string') throw cannotEvaluate(node, `${dtype} is not multiplied`);
  const data = inputs.map((t) => (isWide(dtype) ? bigsOf(t) : Array.from(numbersOf(t), BigInt)));
  const sumAt = (o: number): bigint => {
    let sum = 0n;
    for (let s = 0; s < steps[0]!.length; s++) {
      let product = 1n;
      for (const [i, values] of data.entries()) product *= values[starts[i]![o]! + steps[i]![s]!]!;
      sum += product;
    }
    return sum;
  };
  return isWide(dtype)
    ? makeBigs(node, dtype, dims, sumAt)
    : makeNumbers(node, dtype, dims, (o) => Number(BigInt.asIntN(32, sumAt(o))));
}
