/** Elements chosen by a condition: Trilu, Compress, OneHot, NonZero. */
import { elementCount } from '../../base/integer.ts';
import { intAttr, Tensor } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { Evaluate } from '../contract.ts';
import { bigsOf, boundedCount, inputAt, integersOf, isWide, numbersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';

/** The upper (default) or lower triangle of matrices, from diagonal k on; the rest is zero. */
export const evaluateTrilu: Evaluate = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const rank = data.dims.length;
  if (rank < 2) throw impossible(node, `[${data.dims.join(',')}] holds no matrix`);
  const k = context.inputs[1] === undefined ? 0 : (integersOf(context.inputs[1])[0] ?? 0);
  const upper = intAttr(node, 'upper', 1) !== 0;
  const [rows, columns] = [data.dims[rank - 2]!, data.dims[rank - 1]!];
  const from = Int32Array.from({ length: data.size }, (_, i) => {
    const over = (i % columns) - (Math.floor(i / columns) % rows) - k;
    return (upper ? over >= 0 : over <= 0) ? i : -1;
  });
  return [moveElements(node, data, data.dims, from)];
};

/** Slices along the axis, or elements of the flat data, where the condition holds; beyond the condition none. */
export const evaluateCompress: Evaluate = (context) => {
  const { node } = context;
  const [data, condition] = [inputAt(context, 0), inputAt(context, 1)];
  const given = intAttr(node, 'axis');
  const flat = given === undefined ? data.reshaped([data.size]) : data;
  const axis = normalizeAxis(given ?? 0, flat.dims.length, node);
  const size = flat.dims[axis]!;
  if (condition.dims.length !== 1 || condition.size > size)
    throw impossible(node, `a condition of [${condition.dims.join(',')}] for a size of ${size}`);
  const chosen = Array.from(condition.data('bool')).flatMap((holds, i) => (holds !== 0 ? [i] : []));
  const dims = flat.dims.with(axis, chosen.length);
  const inner = elementCount(flat.dims.slice(axis + 1));
  const from = Int32Array.from({ length: elementCount(dims) }, (_, i) => {
    const row = Math.floor(i / inner);
    const [outer, place] = [Math.floor(row / chosen.length), chosen[row % chosen.length]!];
    return (outer * size + place) * inner + (i % inner);
  });
  return [moveElements(node, flat, dims, from)];
};

/** values[1] where the new axis is at the index, values[0] elsewhere: everywhere for an index outside the depth. */
export const evaluateOneHot: Evaluate = (context) => {
  const { node } = context;
  const [indices, values] = [inputAt(context, 0), inputAt(context, 2)];
  const depths = inputAt(context, 1).toNumbers();
  const depth = Math.trunc(depths[0] ?? 0);
  if (depths.length !== 1 || !(depth >= 1) || values.size !== 2)
    throw impossible(node, `a depth of [${depths.slice(0, 3).join(',')}] and ${values.size} values`);
  const axis = normalizeAxis(intAttr(node, 'axis', -1), indices.dims.length + 1, node);
  const dims = indices.dims.toSpliced(axis, 0, depth);
  boundedCount(node, dims);
  const inner = elementCount(indices.dims.slice(axis));
  const hot = indices.toNumbers().map((v) => {
    const at = Math.trunc(v);
    return at < 0 ? at + depth : at;
  });
  const from = new Int32Array(elementCount(dims));
  for (const [i, at] of hot.entries())
    if (at >= 0 && at < depth) from[(Math.floor(i / inner) * depth + at) * inner + (i % inner)] = 1;
  return [moveElements(node, values, dims, from)];
};

/** The index of every element that is not zero, one a column, in row-major order. */
export const evaluateNonZero: Evaluate = (context) => {
  const data = inputAt(context, 0);
  const wide = isWide(data.dtype) ? bigsOf(data) : undefined;
  const values = wide === undefined ? numbersOf(data) : [];
  const places: number[] = [];
  for (let i = 0; i < data.size; i++) if (wide ? wide[i] !== 0n : values[i] !== 0) places.push(i);
  const rank = data.dims.length;
  const result = new BigInt64Array(rank * places.length);
  for (const [column, place] of places.entries()) {
    let rest = place;
    for (let axis = rank - 1; axis >= 0; axis--) {
      result[axis * places.length + column] = BigInt(rest % data.dims[axis]!);
      rest = Math.floor(rest / data.dims[axis]!);
    }
  }
  return [Tensor.of('int64', [rank, places.length], result)];
};
