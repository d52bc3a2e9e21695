/** Mean and variance of groups of elements: in doubles, in row-major order, the variance around the mean. */
import type { Node, Tensor } from '../../ir/index.ts';
import { cannotEvaluate, inputAt, isFloat } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

export interface Moments {
  readonly mean: number;
  /** Of the population: divided by the count. */
  readonly variance: number;
}

/** Of the elements at `start` and the steps from it. */
export function momentsOf(x: ArrayLike<number>, start: number, steps: Int32Array): Moments {
  let sum = 0;
  for (let i = 0; i < steps.length; i++) sum += x[start + steps[i]!]!;
  const mean = sum / steps.length;
  let squares = 0;
  for (let i = 0; i < steps.length; i++) {
    const off = x[start + steps[i]!]! - mean;
    squares += off * off;
  }
  return { mean, variance: squares / steps.length };
}

/** Steps of `count` neighbours. */
export function neighbours(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

/** A float input, which must be there. */
export function floatsAt(
  context: { node: Node; inputs: readonly (Tensor | undefined)[] },
  i: number,
): Tensor {
  const tensor = inputAt(context, i);
  if (!isFloat(tensor.dtype))
    throw cannotEvaluate(context.node, `${context.node.op} of ${tensor.dtype} is not defined`);
  return tensor;
}

/** A float input of so many elements, as one for each channel has. */
export function perChannel(
  context: { node: Node; inputs: readonly (Tensor | undefined)[] },
  i: number,
  count: number,
): ArrayLike<number> {
  const tensor = floatsAt(context, i);
  if (tensor.size !== count)
    throw impossible(
      context.node,
      `input ${i} has ${tensor.size} elements, not ${count} as there are channels`,
    );
  return tensor.toNumbers();
}
