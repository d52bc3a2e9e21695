/** GatherElements and GatherND: elements and slices by index, in any dtype. */
import { elementCount } from '../../base/integer.ts';
import type { Node } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import { stridesOf } from '../broadcast.ts';
import type { Evaluate } from '../contract.ts';
import { boundedCount, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';

/** 0 <= result < size; negative ones count from the end. Throws INVALID_GRAPH outside. */
export function placeOf(node: Node, index: number, size: number): number {
  if (!(index >= -size && index < size))
    throw impossible(node, `index ${index} is outside a size of ${size}`);
  return index < 0 ? index + size : index;
}

/**
 * For each index, in row-major order, the element of `data` in its own place but for the axis, where the index says.
 * Sizes of indices may be smaller than the data's on other axes.
 */
export function elementPlaces(
  node: Node,
  data: readonly number[],
  indices: readonly number[],
  chosen: readonly number[],
): Int32Array {
  if (data.length !== indices.length || data.length === 0)
    throw impossible(node, `indices [${indices.join(',')}] into [${data.join(',')}]`);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), data.length, node);
  if (indices.some((d, i) => i !== axis && d > data[i]!))
    throw impossible(node, `indices [${indices.join(',')}] are larger than [${data.join(',')}]`);
  const strides = stridesOf(data);
  const index = indices.map(() => 0);
  return Int32Array.from(chosen, (at) => {
    let place = placeOf(node, at, data[axis]!) * strides[axis]!;
    for (const [a, i] of index.entries()) if (a !== axis) place += i * strides[a]!;
    for (let a = index.length - 1; a >= 0 && ++index[a]! === indices[a]; a--) index[a] = 0;
    return place;
  });
}

export const evaluateGatherElements: Evaluate = (context) => {
  const { node } = context;
  const [data, indices] = [inputAt(context, 0), inputAt(context, 1)];
  boundedCount(node, indices.dims);
  const from = elementPlaces(node, data.dims, indices.dims, integersOf(indices));
  return [moveElements(node, data, indices.dims, from)];
};

export interface SlicePlaces {
  /** Where each slice starts. */
  readonly starts: readonly number[];
  /** Elements of a slice. */
  readonly size: number;
}

/** The slices of data [...batch, ...indexed, ...slice] that the rows of indices [...batch, ..., depth] name. */
export function slicePlaces(
  node: Node,
  data: readonly number[],
  indices: { readonly dims: readonly number[]; readonly values: readonly number[] },
  batch: number,
): SlicePlaces {
  const { dims, values } = indices;
  const depth = dims[dims.length - 1];
  const fits =
    depth !== undefined &&
    batch >= 0 &&
    batch < dims.length &&
    batch + depth <= data.length &&
    data.slice(0, batch).every((d, i) => d === dims[i]);
  if (!fits)
    throw impossible(node, `indices [${dims.join(',')}] into [${data.join(',')}], ${batch} batch axes`);
  const strides = stridesOf(data);
  const size = elementCount(data.slice(batch + depth));
  const batchSize = elementCount(data.slice(batch));
  const rowsOfBatch = elementCount(dims.slice(batch, -1));
  const rows = elementCount(dims.slice(0, -1));
  const starts = Array.from({ length: rows }, (_, row) => {
    let at = Math.floor(row / rowsOfBatch) * batchSize;
    for (let k = 0; k < depth; k++)
      at += placeOf(node, values[row * depth + k]!, data[batch + k]!) * strides[batch + k]!;
    return at;
  });
  return { starts, size };
}

export const evaluateGatherND: Evaluate = (context) => {
  const { node } = context;
  const [data, indices] = [inputAt(context, 0), inputAt(context, 1)];
  const batch = intAttr(node, 'batch_dims', 0);
  boundedCount(node, indices.dims.slice(0, -1));
  const table = { dims: indices.dims, values: integersOf(indices) };
  const { starts, size } = slicePlaces(node, data.dims, table, batch);
  const dims = [...indices.dims.slice(0, -1), ...data.dims.slice(batch + indices.dims.at(-1)!)];
  const from = new Int32Array(boundedCount(node, dims));
  for (let i = 0; i < from.length; i++) from[i] = starts[Math.floor(i / size)]! + (i % size);
  return [moveElements(node, data, dims, from)];
};
