/** One step of a recurrent operator in one direction: from an input and the state before it to the state behind it. */
import type { RealFunction } from '../unary/reference.ts';

/** What one direction computes with; arrays hold that direction alone. */
export interface Direction {
  readonly hidden: number;
  readonly inputs: number;
  /** [gates * hidden, inputs] */
  readonly w: Float64Array;
  /** [gates * hidden, hidden] */
  readonly r: Float64Array;
  /** Of the input, then of the state: [2 * gates * hidden]. */
  readonly bias: Float64Array;
  /** Input, output, forget: [3 * hidden]; zeros without peepholes. */
  readonly peepholes: Float64Array;
  readonly activations: readonly RealFunction[];
  /** Limits what goes into an activation. */
  readonly clip: (x: number) => number;
  /** States are rounded to the dtype at every step; what lies between is not. */
  readonly round: (x: number) => number;
}

export interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** Reads the input at `at` of `x`, and changes the state. */
export type Step = (x: ArrayLike<number>, at: number, state: State) => void;

function product(
  weights: Float64Array,
  row: number,
  x: ArrayLike<number>,
  at: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[row * count + i]! * x[at + i]!;
  return sum;
}

/** Both biases, then the input's products, then the state's, each sum by itself. */
function gateSum(d: Direction, row: number, x: ArrayLike<number>, at: number, h: ArrayLike<number>): number {
  const biases = d.bias[row]! + d.bias[d.bias.length / 2 + row]!;
  return biases + product(d.w, row, x, at, d.inputs) + product(d.r, row, h, 0, d.hidden);
}

export function rnnStep(d: Direction): Step {
  const [f] = d.activations;
  return (x, at, { h }) => {
    const before = h.slice();
    for (let j = 0; j < d.hidden; j++) h[j] = d.round(f!(d.clip(gateSum(d, j, x, at, before))));
  };
}

/** Gates z, r, h. With linearBeforeReset r scales the product with the state, else the state itself. */
export function gruStep(d: Direction, linearBeforeReset: boolean): Step {
  const { hidden, clip } = d;
  const [f, g] = d.activations;
  return (x, at, { h }) => {
    const before = h.slice();
    const reset = Float64Array.from(before, (_, j) => f!(clip(gateSum(d, hidden + j, x, at, before))));
    const kept = linearBeforeReset ? before : before.map((value, j) => reset[j]! * value);
    for (let j = 0; j < hidden; j++) {
      const row = 2 * hidden + j;
      const z = f!(clip(gateSum(d, j, x, at, before)));
      const [ofInput, ofState] = [d.bias[row]!, d.bias[3 * hidden + row]!];
      const fromState = product(d.r, row, kept, 0, hidden);
      const fromInput = product(d.w, row, x, at, d.inputs);
      const sum = linearBeforeReset
        ? ofInput + fromInput + reset[j]! * (ofState + fromState)
        : ofInput + ofState + fromInput + fromState;
      h[j] = d.round((1 - z) * g!(clip(sum)) + z * before[j]!);
    }
  };
}

/** Gates i, o, f, c. Coupled: what is not taken in is kept. */
export function lstmStep(d: Direction, coupled: boolean): Step {
  const { hidden, clip, peepholes } = d;
  const [f, g, last] = d.activations;
  return (x, at, { h, c }) => {
    const before = h.slice();
    for (let j = 0; j < hidden; j++) {
      const sum = (gate: number): number => gateSum(d, gate * hidden + j, x, at, before);
      const taken = f!(clip(sum(0) + peepholes[j]! * c[j]!));
      const kept = coupled ? 1 - taken : f!(clip(sum(2) + peepholes[2 * hidden + j]! * c[j]!));
      c[j] = d.round(kept * c[j]! + taken * g!(clip(sum(3))));
      const shown = f!(clip(sum(1) + peepholes[hidden + j]! * c[j]!));
      h[j] = d.round(shown * last!(clip(c[j]!)));
    }
  };
}
