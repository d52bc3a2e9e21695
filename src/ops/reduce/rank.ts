/** What orders elements along an axis: ArgMax, ArgMin, TopK. Of equals the first comes first; NaN ranks above everything. */
import type { Node, Tensor } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  integersOf,
  isWide,
  makeBigs,
  numbersOf,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import type { AxisLayout } from './reference.ts';
import { layoutOf } from './reference.ts';

type IsAbove = (a: number, b: number) => boolean;

/** Whether the element at a ranks above that at b. */
function aboveIn(x: Tensor): IsAbove {
  if (isWide(x.dtype)) {
    const data = bigsOf(x);
    return (a, b) => data[a]! > data[b]!;
  }
  const data = numbersOf(x);
  return (a, b) => data[a]! > data[b]! || (Number.isNaN(data[a]!) && !Number.isNaN(data[b]!));
}

const placeOf = ({ size, inner }: AxisLayout, group: number): number =>
  Math.floor(group / inner) * size * inner + (group % inner);

export const referenceArgument: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), x.dims.length, node);
  const layout = layoutOf(x.dims, axis);
  const dims = intAttr(node, 'keepdims', 1) !== 0 ? x.dims.with(axis, 1) : x.dims.toSpliced(axis, 1);
  if (layout.size === 0 && boundedCount(node, dims) > 0)
    throw cannotEvaluate(node, 'no element is the largest of none');
  const last = intAttr(node, 'select_last_index', 0) !== 0;
  const above = aboveIn(x);
  const wins: IsAbove = node.op === 'ArgMax' ? above : (a, b) => above(b, a);
  const best = (group: number): number => {
    const start = placeOf(layout, group);
    let index = 0;
    for (let i = 1; i < layout.size; i++) {
      const [challenger, holder] = [start + i * layout.inner, start + index * layout.inner];
      if (last ? !wins(holder, challenger) : wins(challenger, holder)) index = i;
    }
    return index;
  };
  return [makeBigs(node, 'int64', dims, (group) => BigInt(best(group)))];
};

function countOf(node: Node, input: Tensor | undefined): number {
  const k = intAttr(node, 'k') ?? (input === undefined ? undefined : integersOf(input)[0]);
  if (k === undefined || k < 0) throw impossible(node, `k is ${k ?? 'missing'}`);
  return k;
}

/** Always in order: `sorted` = 0 leaves the order open. */
export const referenceTopK: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  const k = countOf(node, context.inputs[1]);
  const axis = normalizeAxis(intAttr(node, 'axis', -1), x.dims.length, node);
  const layout = layoutOf(x.dims, axis);
  const { outer, size, inner } = layout;
  if (k > size) throw impossible(node, `k is ${k} on an axis of ${size}`);
  const dims = x.dims.with(axis, k);
  const from = new Int32Array(boundedCount(node, dims));
  const largest = intAttr(node, 'largest', 1) !== 0;
  const above = aboveIn(x);
  const wins: IsAbove = largest ? above : (a, b) => above(b, a);
  for (let group = 0; k > 0 && group < outer * inner; group++) {
    const start = placeOf(layout, group);
    const ranked = Int32Array.from({ length: size }, (_, i) => start + i * inner);
    ranked.sort((a, b) => (wins(a, b) ? -1 : wins(b, a) ? 1 : a - b));
    const out = placeOf({ outer, size: k, inner }, group);
    for (let i = 0; i < k; i++) from[out + i * inner] = ranked[i]!;
  }
  const values = moveElements(node, x, dims, from);
  return [values, makeBigs(node, 'int64', dims, (i) => BigInt(Math.floor(from[i]! / inner) % size))];
};
