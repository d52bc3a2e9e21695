/**
 * LSTM, GRU and RNN in Octavo's own arithmetic: gates in doubles, states rounded to the dtype at every step. Both layouts,
 * all directions, sequences of different lengths.
 */
import {
  bfloat16ToNumber,
  float16ToNumber,
  numberToBfloat16,
  numberToFloat16,
} from '../../ir/float-formats.ts';
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { floatAttr, intAttr, stringAttr } from '../../ir/index.ts';
import type { Reference, ReferenceContext } from '../contract.ts';
import { boundedCount, cannotEvaluate, inputAt, integersOf, isFloat, makeNumbers } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { activationsOf } from './activations.ts';
import type { Direction, State, Step } from './cells.ts';
import { gruStep, lstmStep, rnnStep } from './cells.ts';

interface Kind {
  readonly gates: number;
  readonly activations: readonly string[];
  readonly step: (direction: Direction, node: Node) => Step;
}

const kinds: Readonly<Record<string, Kind>> = {
  RNN: { gates: 1, activations: ['Tanh'], step: rnnStep },
  GRU: {
    gates: 3,
    activations: ['Sigmoid', 'Tanh'],
    step: (d, node) => gruStep(d, intAttr(node, 'linear_before_reset', 0) !== 0),
  },
  LSTM: {
    gates: 4,
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    step: (d, node) => lstmStep(d, intAttr(node, 'input_forget', 0) !== 0),
  },
};

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly directions: readonly ('forward' | 'reverse')[];
  /** layout 1: the batch is in front. */
  readonly batchFirst: boolean;
}

function sizesOf(node: Node, x: Tensor, r: Tensor): Sizes {
  if (x.dims.length !== 3) throw impossible(node, `needs data of rank 3, not [${x.dims.join(',')}]`);
  const direction = stringAttr(node, 'direction', 'forward');
  const directions =
    direction === 'bidirectional'
      ? (['forward', 'reverse'] as const)
      : ([direction] as ('forward' | 'reverse')[]);
  if (direction !== 'bidirectional' && direction !== 'forward' && direction !== 'reverse')
    throw impossible(node, `the direction '${direction}' is none`);
  const hidden = r.dims[2] ?? 0;
  const stated = intAttr(node, 'hidden_size', hidden);
  if (stated !== hidden) throw impossible(node, `hidden_size is ${stated}, its weights are for ${hidden}`);
  const batchFirst = intAttr(node, 'layout', 0) !== 0;
  const [first, second, inputs] = x.dims as [number, number, number];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  return { steps, batch, inputs, hidden, directions, batchFirst };
}

/** A float input as doubles; zeros where it is left out. */
function doubles(context: ReferenceContext, i: number, dims: readonly number[]): Float64Array {
  const { node, inputs } = context;
  const tensor = inputs[i];
  const count = boundedCount(node, dims);
  if (tensor === undefined) return new Float64Array(count);
  if (tensor.dims.join() !== dims.join())
    throw impossible(node, `input ${i} is [${tensor.dims.join(',')}], not [${dims.join(',')}]`);
  return Float64Array.from(tensor.toNumbers());
}

function rounderOf(dtype: DType): (x: number) => number {
  if (dtype === 'float32') return Math.fround;
  if (dtype === 'float16') return (x) => float16ToNumber(numberToFloat16(x));
  if (dtype === 'bfloat16') return (x) => bfloat16ToNumber(numberToBfloat16(x));
  return (x) => x;
}

function clipOf(node: Node): (x: number) => number {
  const clip = floatAttr(node, 'clip');
  if (clip === undefined) return (x) => x;
  return (x) => (x > clip ? clip : x < -clip ? -clip : x);
}

function directionsOf(
  context: ReferenceContext,
  kind: Kind,
  sizes: Sizes,
  dtype: DType,
): readonly Direction[] {
  const { node } = context;
  const { inputs, hidden, directions } = sizes;
  const count = directions.length;
  const rows = kind.gates * hidden;
  inputAt(context, 1);
  const w = doubles(context, 1, [count, rows, inputs]);
  const r = doubles(context, 2, [count, rows, hidden]);
  const bias = doubles(context, 3, [count, 2 * rows]);
  const peepholes = node.op === 'LSTM' ? doubles(context, 7, [count, 3 * hidden]) : new Float64Array(0);
  const activations = activationsOf(node, kind.activations, count);
  const part = (of: Float64Array, d: number): Float64Array =>
    of.subarray((of.length / count) * d, (of.length / count) * (d + 1));
  return directions.map((_, d) => ({
    hidden,
    inputs,
    w: part(w, d),
    r: part(r, d),
    bias: part(bias, d),
    peepholes: part(peepholes, d),
    activations: activations[d]!,
    clip: clipOf(node),
    round: rounderOf(dtype),
  }));
}

function lengthsOf({ node, inputs }: ReferenceContext, { steps, batch }: Sizes): readonly number[] {
  if (inputs[4] === undefined) return new Array<number>(batch).fill(steps);
  const lengths = integersOf(inputs[4]);
  if (lengths.length !== batch || lengths.some((n) => n < 0 || n > steps))
    throw impossible(node, `lengths [${lengths.join(',')}] are not ${batch} of 0 to ${steps}`);
  return lengths;
}

/** Behind a sequence's end Y is 0; Y_h and Y_c are what its last step left. */
export const referenceRecurrent: Reference = (context) => {
  const { node } = context;
  const [x, r] = [inputAt(context, 0), inputAt(context, 2)];
  if (!isFloat(x.dtype)) throw cannotEvaluate(node, `${node.op} of ${x.dtype} is not defined`);
  const kind = kinds[node.op]!;
  const sizes = sizesOf(node, x, r);
  const { steps, batch, inputs, hidden, batchFirst } = sizes;
  const directions = directionsOf(context, kind, sizes, x.dtype);
  const lengths = lengthsOf(context, sizes);
  const count = directions.length;
  const stateDims = batchFirst ? [batch, count, hidden] : [count, batch, hidden];
  const allDims = batchFirst ? [batch, steps, count, hidden] : [steps, count, batch, hidden];
  const h = doubles(context, 5, stateDims);
  const c = node.op === 'LSTM' ? doubles(context, 6, stateDims) : new Float64Array(h.length);
  const y = new Float64Array(boundedCount(node, allDims));
  const data = Float64Array.from(x.toNumbers());

  for (const [d, direction] of directions.entries()) {
    const step = kind.step(direction, node);
    for (const [b, length] of lengths.entries()) {
      const place = (batchFirst ? b * count + d : d * batch + b) * hidden;
      const state: State = { h: h.subarray(place, place + hidden), c: c.subarray(place, place + hidden) };
      for (let n = 0; n < length; n++) {
        const t = sizes.directions[d] === 'reverse' ? length - 1 - n : n;
        step(data, (batchFirst ? b * steps + t : t * batch + b) * inputs, state);
        y.set(state.h, (batchFirst ? (b * steps + t) * count + d : (t * count + d) * batch + b) * hidden);
      }
    }
  }
  const made = (dims: readonly number[], of: Float64Array): Tensor =>
    makeNumbers(node, x.dtype, dims, (i) => of[i]!);
  const outputs = [made(allDims, y), made(stateDims, h), ...(node.op === 'LSTM' ? [made(stateDims, c)] : [])];
  return outputs.slice(0, node.outputs.length);
};
