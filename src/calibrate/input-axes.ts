/** How the axes of a user's sample become those of a model input. Browser-safe. */
import type { Dim, NumericDType, Port, Shape } from '../ir/index.ts';
import { shapeOf, Tensor } from '../ir/index.ts';
import { readValues } from './array-values.ts';
import type { ImageOptions } from './images/index.ts';

/** How a sample's axes become the input's. */
export interface Axes {
  /** Of the tensor given to the model. */
  readonly dims: readonly number[];
  /** For each axis after the first of `dims`, the axis of the sample it is; absent: the same order. */
  readonly order?: readonly [number, number, number];
  /** Of `dims`, where the shape says 3 or 1 channels. */
  readonly channelAxis?: number;
}

/** For the axes of one sample; undefined when they are not those of the input. */
export function axesFor(sample: readonly number[], port: Port, options: ImageOptions): Axes | undefined {
  const shape = shapeOf(port.type);
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
  if (fits(sample, shape) && (shape.length === 0 || typeof shape[0] === 'number' || sample[0] === 1))
    return found(sample);
  if (channelAxis === undefined) return undefined;
  // Some write the batch axis of a single image as well.
  const [a, b, c] = (sample.length === 4 && sample[0] === 1 ? sample.slice(1) : sample) as [
    number,
    number,
    number,
  ];
  if (c !== undefined) {
    const order = channelAxis === 1 ? ([2, 0, 1] as const) : ([1, 2, 0] as const);
    const turned = channelAxis === 1 ? [1, c, a, b] : [1, b, c, a];
    return fits(turned, shape) ? found(turned, order) : undefined;
  }
  const grey = channelAxis === 1 ? [1, 1, a, b] : [1, a, b, 1];
  return sample.length === 2 && fits(grey, shape) ? found(grey) : undefined;
}

function fits(dims: readonly number[], shape: Shape): boolean {
  return dims.length === shape.length && dims.every((d, i) => typeof shape[i] !== 'number' || shape[i] === d);
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

/** A sample with its last three axes in another order. */
export function reordered(sample: Tensor, axes: Axes): Tensor {
  const dtype = sample.dtype as NumericDType;
  const from = readValues(sample, dtype);
  const [a, b, c] = sample.dims.slice(-3) as [number, number, number];
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
