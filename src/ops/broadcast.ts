/** ONNX's (numpy's) multidirectional broadcasting: of shapes that may be partly known, and of indices. */
import { elementCount } from '../base/integer.ts';
import type { Dim, Node, Shape } from '../ir/index.ts';
import { impossible } from './infer-readers.ts';

/** Undefined when any rank is. Throws INVALID_GRAPH when two known sizes do not fit. */
export function broadcastShapes(node: Node, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Shape = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    const rank = Math.max(result.length, shape.length);
    result = Array.from({ length: rank }, (_, i) =>
      broadcastDim(node, dimAt(result, rank, i), dimAt(shape, rank, i)),
    );
  }
  return result;
}

/** The dim as if the shape were padded with ones in front. */
function dimAt(shape: Shape, rank: number, i: number): Dim {
  const index = shape.length - rank + i;
  return index < 0 ? 1 : shape[index]!;
}

/** A size other than 1 wins over one that is not known: that one must be 1 or the same. */
function broadcastDim(node: Node, a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1 || a === b) return a;
  if (typeof a === 'number' && typeof b === 'number')
    throw impossible(node, `sizes ${a} and ${b} do not broadcast`);
  return typeof a === 'number' ? a : typeof b === 'number' ? b : null;
}

/** Row-major strides, in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= dims[i]!;
  }
  return strides;
}

/**
 * For every element of `dims` in row-major order, `offset` plus the sum of index times stride: which element
 * of a source each one comes from. Strides of 0 repeat, negative ones walk back.
 */
export function walk(dims: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const count = elementCount(dims);
  const out = new Int32Array(count);
  const index = new Array<number>(dims.length).fill(0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    out[i] = at;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      index[axis] = 0;
      at -= strides[axis]! * dims[axis]!;
    }
  }
  return out;
}

/** For every element of `to`, the element of `from` it reads; `from` must broadcast to `to`. */
export function broadcastIndex(from: readonly number[], to: readonly number[]): Int32Array {
  const own = stridesOf(from);
  const shift = to.length - from.length;
  return walk(
    to,
    to.map((_, i) => (i < shift || from[i - shift] === 1 ? 0 : own[i - shift]!)),
  );
}
