/** Fits arrays of a user's file to the inputs of a model: names, axes, types, values. Browser-safe. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Dim, NumericDType, Port, Tensor } from '../ir/index.ts';
import { dtypeOf, isNumericDType, shapeOf } from '../ir/index.ts';
import { valueConversion } from './array-values.ts';
import type { Column } from './arrays.ts';
import type { ImageOptions } from './images/index.ts';
import { shapeText } from './images/index.ts';
import type { Axes } from './input-axes.ts';
import { axesFor, reordered } from './input-axes.ts';
import type { NpyArray } from './npy.ts';
import { sampleCount, sampleOf } from './npy.ts';

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
  acceptedType(port);
  const axes = axesFor(array.dims.slice(1), port, options);
  if (array.dims.length === 0 || axes === undefined)
    throw new OctavoError({
      code: 'DATA',
      where: array.name,
      what: `its shape is ${shapeText(array.dims)}, input '${port.name}' takes ${shapeText(expected(shapeOf(port.type) ?? []))}`,
      remedy: 'The first axis is the sample, the others must be those of the input',
    });
  const { feed, notes } = fitted(array, port, { axes, options });
  const { name } = array;
  return {
    column: {
      name,
      count: sampleCount(array),
      sample: (index) => feed(sampleOf(array, index), `${name}, sample ${index}`),
    },
    notes,
  };
}

/** One sample's tensor for one input. */
export interface FittedTensor {
  /** Converts, and throws DATA on values that do not fit. */
  readonly load: () => Tensor;
  readonly notes: readonly Note[];
}

/**
 * One sample as one input, with or without its batch axis of 1; otherwise as `fitArray`. Nothing is converted yet.
 * Throws DATA naming `name`, found and expected shape or type.
 */
export function fitTensor(tensor: Tensor, port: Port, named: NamedOptions): FittedTensor {
  const to = acceptedType(port);
  const { name, ...options } = named;
  const shape = shapeOf(port.type);
  const axes = shape === undefined ? { dims: tensor.dims } : axesFor(tensor.dims, port, options);
  if (axes === undefined)
    throw new OctavoError({
      code: 'DATA',
      where: name,
      what: `its shape is ${shapeText(tensor.dims)}, input '${port.name}' takes ${shapeText(ofOneSample(shape ?? []))}`,
      remedy: 'Give one sample at a time, of the shape of the input',
    });
  const { dtype } = tensor;
  if (!isNumericDType(dtype))
    throw new OctavoError({
      code: 'DATA',
      where: name,
      what: `it holds ${dtype}, input '${port.name}' takes ${to}`,
      remedy: `Give values of type ${to}`,
    });
  const { feed, notes } = fitted({ name, dtype }, port, { axes, options });
  return { load: () => feed(tensor, name), notes };
}

export interface NamedOptions extends ImageOptions {
  /** What messages call the tensor. */
  readonly name: string;
}

interface Feeding {
  readonly feed: (sample: Tensor, where: string) => Tensor;
  readonly notes: readonly Note[];
}

function fitted(
  from: Pick<NpyArray, 'name' | 'dtype'>,
  port: Port,
  { axes, options }: { readonly axes: Axes; readonly options: ImageOptions },
): Feeding {
  const hasChannels = axes.channelAxis !== undefined;
  const { convert, notes } = valueConversion(from, port.name, acceptedType(port), hasChannels, options);
  return {
    feed(sample, where) {
      const placed = axes.order === undefined ? sample.reshaped(axes.dims) : reordered(sample, axes);
      return convert === undefined ? placed : convert(placed, axes.channelAxis, where);
    },
    notes,
  };
}

function acceptedType(port: Port): NumericDType {
  const to = dtypeOf(port.type);
  if (to !== undefined && isNumericDType(to)) return to;
  throw new OctavoError({
    code: 'UNSUPPORTED',
    where: `input '${port.name}'`,
    what: `inputs of type ${to ?? 'sequence, map or optional'} are not fed from arrays`,
    remedy: 'Export the model with plain tensor inputs',
  });
}

function expected(shape: readonly Dim[]): readonly Dim[] {
  return typeof shape[0] === 'number' && shape[0] !== 1
    ? ['samples', ...shape]
    : ['samples', ...shape.slice(1)];
}

function ofOneSample(shape: readonly Dim[]): readonly Dim[] {
  return typeof shape[0] === 'number' || shape.length === 0 ? shape : [1, ...shape.slice(1)];
}
