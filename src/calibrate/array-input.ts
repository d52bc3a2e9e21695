/** Fits arrays of a user's file to the inputs of a model: names, axes, types, values. Browser-safe. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Dim, NumericDType, Port, Shape } from '../ir/index.ts';
import { dtypeOf, isNumericDType, shapeOf, Tensor } from '../ir/index.ts';
import { readValues, valueConversion } from './array-values.ts';
import type { Column } from './arrays.ts';
import type { ImageOptions } from './images/index.ts';
import { shapeText } from './images/index.ts';
import type { NpyArray } from './npy.ts';
import { sampleCount, sampleOf } from './npy.ts';

/** How a sample's axes become the input's. */
interface Axes {
  /** Of the tensor given to the model. */
  readonly dims: readonly number[];
  /** For each axis after the first of `dims`, the axis of the sample it is; absent: the same order. */
  readonly order?: readonly [number, number, number];
  /** Of `dims`, where the shape says 3 or 1 channels. */
  readonly channelAxis?: number;
}

export interface FittedArray {
  readonly column: Column;
  readonly notes: readonly Note[];
}

/**
 * One array (first axis: the sample) as one input. Axes are the input's, or its own with samples in front,
 * or differ only in where the channels are; values as docs/data.md says. Throws DATA naming array, found
 * and expected shape or type.
 */
export function fitArray(array: NpyArray, port: Port, options: ImageOptions): FittedArray {
  const to = dtypeOf(port.type);
  if (to === undefined || !isNumericDType(to))
    throw new OctavoError({
      code: 'UNSUPPORTED',
      where: `input '${port.name}'`,
      what: `inputs of type ${to ?? 'sequence, map or optional'} are not fed from arrays`,
      remedy: 'Export the model with plain tensor inputs',
    });
  const axes = axesFor(array, port, options);
  const conversion = valueConversion(array, port.name, to, axes.channelAxis !== undefined, options);
  return {
    column: {
      name: array.name,
      count: sampleCount(array),
      sample(index) {
        const source = sampleOf(array, index);
        const { convert } = conversion;
        const placed = axes.order === undefined ? source.reshaped(axes.dims) : reordered(source, axes);
        if (convert === undefined) return placed;
        const where = `${array.name}, sample ${index}`;
        return convert(placed, axes.channelAxis, where);
      },
    },
    notes: conversion.notes,
  };
}

function fits(dims: readonly number[], shape: Shape): boolean {
  return dims.length === shape.length && dims.every((d, i) => typeof shape[i] !== 'number' || shape[i] === d);
}

function axesFor(array: NpyArray, port: Port, options: ImageOptions): Axes {
  const shape = shapeOf(port.type);
  const sample = array.dims.slice(1);
  if (array.dims.length > 0) {
    const one = [1, ...sample];
    if (shape === undefined) return { dims: one };
    const channelAxis = channelAxisOf(shape, options);
    const found = (dims: readonly number[], order?: Axes['order']): Axes => ({
      dims,
      ...(order === undefined ? {} : { order }),
      ...(channelAxis === undefined ? {} : { channelAxis }),
    });
    if (fits(one, shape)) return found(one);
    // Samples in front of the model's own shape; an open batch takes one at a time.
    if (fits(sample, shape) && (typeof shape[0] === 'number' || sample[0] === 1)) return found(sample);
    if (channelAxis !== undefined && shape.length === 4) {
      const [a, b, c] = sample as [number, number, number];
      if (sample.length === 3) {
        const order = channelAxis === 1 ? ([2, 0, 1] as const) : ([1, 2, 0] as const);
        const turned = channelAxis === 1 ? [1, c, a, b] : [1, b, c, a];
        if (fits(turned, shape)) return found(turned, order);
      }
      const grey = channelAxis === 1 ? [1, 1, a, b] : [1, a, b, 1];
      if (sample.length === 2 && fits(grey, shape)) return found(grey);
    }
  }
  throw new OctavoError({
    code: 'DATA',
    where: array.name,
    what: `its shape is ${shapeText(array.dims)}, input '${port.name}' takes ${shapeText(expected(shape ?? []))}`,
    remedy: 'The first axis is the sample, the others must be those of the input',
  });
}

function expected(shape: readonly Dim[]): readonly Dim[] {
  return typeof shape[0] === 'number' && shape[0] !== 1
    ? ['samples', ...shape]
    : ['samples', ...shape.slice(1)];
}

/** Where an input of rank 4 has 3 or 1 channels; undefined where it is no image or cannot be told. */
function channelAxisOf(shape: Shape, options: ImageOptions): 1 | 3 | undefined {
  if (shape.length !== 4) return undefined;
  const isChannels = (dim: Dim | undefined): boolean => dim === 3 || dim === 1;
  const first = isChannels(shape[1]) && options.layout !== 'nhwc';
  const last = isChannels(shape[3]) && options.layout !== 'nchw';
  if (first === last) return undefined;
  return first ? 1 : 3;
}

/** A sample [1, a, b, c] with its last three axes in another order. */
function reordered(sample: Tensor, axes: Axes): Tensor {
  const dtype = sample.dtype as NumericDType;
  const from = readValues(sample, dtype);
  const [, a, b, c] = sample.dims as [number, number, number, number];
  const steps = [b * c, c, 1];
  const sizes = [a, b, c];
  const [p, q, r] = axes.order!;
  const out = from.slice();
  let to = 0;
  for (let i = 0; i < sizes[p]!; i++)
    for (let j = 0; j < sizes[q]!; j++)
      for (let k = 0; k < sizes[r]!; k++) out[to++] = from[i * steps[p]! + j * steps[q]! + k * steps[r]!]!;
  return Tensor.of(dtype, axes.dims, out as never);
}
