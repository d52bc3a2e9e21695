/** Running sums and products along an axis: floats in doubles, each result rounded once; integers wrap. */
import type { Tensor } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  inputAt,
  integersOf,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import type { AxisLayout } from './reference.ts';
import { layoutOf } from './reference.ts';

interface Direction {
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Writes to `out` what has come before each element, and unless exclusive the element. */
function run<T>(
  { outer, size, inner }: AxisLayout,
  { exclusive, reverse }: Direction,
  first: T,
  step: (running: T, at: number) => T,
): T[] {
  const out = new Array<T>(outer * size * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let running = first;
      for (let n = 0; n < size; n++) {
        const at = (o * size + (reverse ? size - 1 - n : n)) * inner + i;
        if (exclusive) out[at] = running;
        running = step(running, at);
        if (!exclusive) out[at] = running;
      }
    }
  return out;
}

function axisOf(tensor: Tensor): number {
  return tensor.size === 1 ? integersOf(tensor)[0]! : Number.NaN;
}

export const referenceAccumulate: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  boundedCount(node, x.dims);
  if (x.dims.length === 0) throw impossible(node, 'a scalar has no axis');
  const layout = layoutOf(x.dims, normalizeAxis(axisOf(inputAt(context, 1)), x.dims.length, node));
  const direction = {
    exclusive: intAttr(node, 'exclusive', 0) !== 0,
    reverse: intAttr(node, 'reverse', 0) !== 0,
  };
  const sums = node.op === 'CumSum';
  if (isWide(x.dtype)) {
    const data = bigsOf(x);
    const step = (a: bigint, at: number): bigint => BigInt.asIntN(64, sums ? a + data[at]! : a * data[at]!);
    const results = run(layout, direction, sums ? 0n : 1n, step);
    return [makeBigs(node, x.dtype, x.dims, (i) => results[i]!)];
  }
  const data = numbersOf(x);
  const real = isFloat(x.dtype);
  const add = real ? (a: number, b: number) => a + b : (a: number, b: number) => (a + b) | 0;
  const times = real ? (a: number, b: number) => a * b : Math.imul;
  const combine = sums ? add : times;
  const results = run(layout, direction, sums ? 0 : 1, (a: number, at) => combine(a, data[at]!));
  return [makeNumbers(node, x.dtype, x.dims, (i) => results[i]!)];
};
