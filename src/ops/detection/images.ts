/** Col2Im, CenterCropPad and Det. */
import { elementCount } from '../../base/integer.ts';
import { intsAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import { stridesOf } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import { transposedTaps } from '../conv/taps.ts';
import { boundedCount, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import { realsOf, roundReals } from '../reals.ts';

/** Columns [N, C * cells of a block, places] summed into images, block cell by block cell. */
export const referenceCol2Im: Reference = (context) => {
  const { node } = context;
  const columns = inputAt(context, 0);
  const image = integersOf(inputAt(context, 1));
  const kernel = integersOf(inputAt(context, 2));
  const rank = image.length;
  const list = (name: string, length: number, fallback: number): readonly number[] => {
    const values = intsAttr(node, name) ?? new Array<number>(length).fill(fallback);
    if (values.length !== length || values.some((v) => v < fallback))
      throw impossible(node, `${name} [${values.join(',')}] do not fit ${rank} axes`);
    return values;
  };
  const [strides, dilations, pads] = [
    list('strides', rank, 1),
    list('dilations', rank, 1),
    list('pads', 2 * rank, 0),
  ];
  const places = image.map((size, i) => {
    const span = dilations[i]! * (kernel[i]! - 1) + 1;
    return Math.floor((size + pads[i]! + pads[i + rank]! - span) / strides[i]!) + 1;
  });
  const cells = elementCount(kernel);
  const [n, c, l] = columns.dims;
  const fits =
    columns.dims.length === 3 &&
    rank >= 1 &&
    kernel.length === rank &&
    kernel.every((k) => k >= 1) &&
    places.every((p) => p >= 0) &&
    c! % cells === 0 &&
    elementCount(places) === l;
  if (!fits)
    throw impossible(
      node,
      `[${columns.dims.join(',')}] are no columns of blocks [${kernel.join(',')}] in [${image.join(',')}]`,
    );
  const dims = [n!, c! / cells, ...image];
  boundedCount(node, dims);
  const geometry = {
    kernel,
    strides,
    dilations,
    pads: { begin: pads.slice(0, rank), end: pads.slice(rank) },
    group: 1,
    output: places,
  };
  const { list: taps, toStep } = transposedTaps(node, geometry, { input: places, output: image });
  const data = realsOf(node, columns);
  const sums = new Float64Array(elementCount(dims));
  const plane = elementCount(image);
  for (let p = 0; p < n! * dims[1]!; p++)
    for (const [t, { from, to, length }] of taps.entries())
      for (let r = 0; r < from.length; r++) {
        const [x, y] = [(p * cells + t) * l! + from[r]!, p * plane + to[r]!];
        for (let k = 0; k < length; k++) sums[y + k * toStep]! += data[x + k]!;
      }
  return [roundReals(node, columns.dtype, dims, sums)];
};

/** The middle of each axis, or the data in the middle of zeros; of an odd rest the larger half is behind. */
export const referenceCenterCropPad: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const target = integersOf(inputAt(context, 1));
  const axes = normalizeAxes(intsAttr(node, 'axes') ?? [...data.dims.keys()], data.dims.length, node);
  if (target.length !== axes.length || target.some((t) => t < 0))
    throw impossible(node, `a shape of [${target.join(',')}] for ${axes.length} axes`);
  const dims = [...data.dims];
  for (const [i, axis] of axes.entries()) dims[axis] = target[i]!;
  const from = new Int32Array(boundedCount(node, dims));
  const [own, made] = [stridesOf(data.dims), stridesOf(dims)];
  const shifts = dims.map((d, axis) => {
    const rest = data.dims[axis]! - d;
    return rest >= 0 ? Math.floor(rest / 2) : -Math.floor(-rest / 2);
  });
  for (let i = 0; i < from.length; i++) {
    let at = 0;
    for (const [axis, size] of data.dims.entries()) {
      const place = (Math.floor(i / made[axis]!) % dims[axis]!) + shifts[axis]!;
      if (place < 0 || place >= size) at = -1;
      if (at >= 0) at += place * own[axis]!;
    }
    from[i] = at;
  }
  return [moveElements(node, data, dims, from)];
};

/** By elimination with the largest pivot of each column, the first of equals, in doubles. */
export const referenceDet: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const size = data.dims.at(-1) ?? 0;
  if (data.dims.length < 2 || data.dims.at(-2) !== size)
    throw impossible(node, `[${data.dims.join(',')}] holds no square matrices`);
  const dims = data.dims.slice(0, -2);
  const values = realsOf(node, data);
  const results = new Float64Array(boundedCount(node, dims));
  for (let i = 0; i < results.length; i++)
    results[i] = determinant(values.slice(i * size * size, (i + 1) * size * size), size);
  return [roundReals(node, data.dtype, dims, results)];
};

/** Changes the matrix. */
function determinant(matrix: Float64Array, size: number): number {
  let result = 1;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let row = k + 1; row < size; row++)
      if (Math.abs(matrix[row * size + k]!) > Math.abs(matrix[pivot * size + k]!)) pivot = row;
    if (matrix[pivot * size + k] === 0) return 0;
    if (pivot !== k) {
      result = -result;
      for (let j = k; j < size; j++) {
        const kept = matrix[k * size + j]!;
        matrix[k * size + j] = matrix[pivot * size + j]!;
        matrix[pivot * size + j] = kept;
      }
    }
    result *= matrix[k * size + k]!;
    for (let row = k + 1; row < size; row++) {
      const factor = matrix[row * size + k]! / matrix[k * size + k]!;
      for (let j = k; j < size; j++) matrix[row * size + j]! -= factor * matrix[k * size + j]!;
    }
  }
  return result;
}
