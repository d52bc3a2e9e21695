/** Unique: different elements, or different slices along an axis, of any dtype, with where they were. */
import { elementCount } from '../../base/integer.ts';
import { intAttr, Tensor } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { Reference } from '../contract.ts';
import { bigsOf, inputAt, isWide, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';

type Compare = (a: number, b: number) => number;

/** Of elements by their places; all NaN are one value, behind all others. */
function comparison(tensor: Tensor): Compare {
  if (tensor.dtype === 'string') {
    const strings = tensor.strings();
    return (a, b) => compareBytes(strings[a]!, strings[b]!);
  }
  if (isWide(tensor.dtype)) {
    const values = bigsOf(tensor);
    return (a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0);
  }
  const values = numbersOf(tensor);
  return (a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    if (x < y) return -1;
    if (x > y) return 1;
    return x === y ? 0 : Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export const referenceUnique: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const given = intAttr(node, 'axis');
  const flat = given === undefined ? data.reshaped([data.size]) : data;
  if (flat.dims.length === 0) throw impossible(node, 'a scalar has no axis');
  const axis = normalizeAxis(given ?? 0, flat.dims.length, node);
  const size = flat.dims[axis]!;
  const inner = elementCount(flat.dims.slice(axis + 1));
  const outer = elementCount(flat.dims.slice(0, axis));
  const compare = comparison(flat);
  /** Element by element, in row-major order. */
  const compareSlices: Compare = (a, b) => {
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const order = compare((o * size + a) * inner + i, (o * size + b) * inner + i);
        if (order !== 0) return order;
      }
    return 0;
  };
  // Equal ones stay in their order, so that the first of each group is the first there is.
  const sorted = Array.from({ length: size }, (_, i) => i).sort((a, b) => compareSlices(a, b) || a - b);
  const groups: number[][] = [];
  for (const slice of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && compareSlices(last[0]!, slice) === 0) last.push(slice);
    else groups.push([slice]);
  }
  if (intAttr(node, 'sorted', 1) === 0) groups.sort((a, b) => a[0]! - b[0]!);
  const dims = flat.dims.with(axis, groups.length);
  const from = Int32Array.from({ length: elementCount(dims) }, (_, i) => {
    const row = Math.floor(i / inner);
    return (Math.floor(row / groups.length) * size + groups[row % groups.length]![0]!) * inner + (i % inner);
  });
  const inverse = new Array<number>(size).fill(0);
  for (const [g, group] of groups.entries()) for (const slice of group) inverse[slice] = g;
  const list = (values: readonly number[]): Tensor => Tensor.from('int64', [values.length], values);
  return [
    moveElements(node, flat, dims, from),
    list(groups.map((group) => group[0]!)),
    list(inverse),
    list(groups.map((group) => group.length)),
  ];
};
