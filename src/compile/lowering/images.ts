/** Views of images: [n, c, w] and [n, c, h, w] alike, and the windows that walk over them. */
import type { WindowGeometry } from '../../ops/conv-geometry.ts';
import type { Halo, LowerContext, View } from './lowering.ts';

export interface Image {
  readonly view: View;
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Bytes from one to the next. */
  readonly image: number;
  readonly channel: number;
  readonly row: number;
  readonly pixel: number;
}

export function imageOf(context: LowerContext, view: View): Image {
  const { dims, strides } = view;
  if (dims.length !== 3 && dims.length !== 4)
    return context.refuse(`its data have ${dims.length - 2} spatial axes: there are kernels for one and two`);
  const [height, width] = dims.length === 4 ? [dims[2]!, dims[3]!] : [1, dims[2]!];
  return {
    view,
    images: dims[0]!,
    channels: dims[1]!,
    height,
    width,
    image: strides[0]!,
    channel: strides[1]!,
    row: dims.length === 4 ? strides[2]! : 0,
    pixel: strides.at(-1)!,
  };
}

/** A window's numbers along both axes; one spatial axis is the second of two. */
export interface Along {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Cells of padding in front; negative where data is cut off. */
  readonly begin: number;
  readonly output: number;
}

export interface Window2 {
  readonly y: Along;
  readonly x: Along;
}

export function windowOf(
  context: Pick<LowerContext, 'refuse'>,
  geometry: WindowGeometry | undefined,
): Window2 {
  const along = geometry === undefined ? undefined : alongAxes(geometry);
  return along ?? context.refuse('its sizes or pads are not known while compiling');
}

export function alongAxes({ kernel, strides, dilations, pads, output }: WindowGeometry): Window2 | undefined {
  if (pads === undefined || !output.every((d) => typeof d === 'number')) return undefined;
  const axes = kernel.map((_, a) => ({
    kernel: kernel[a]!,
    stride: strides[a]!,
    dilation: dilations[a]!,
    begin: pads.begin[a]!,
    output: output[a] as number,
  }));
  const none: Along = { kernel: 1, stride: 1, dilation: 1, begin: 0, output: 1 };
  const [y, x] = [none, ...axes].slice(-2) as [Along, Along];
  return axes.length <= 2 ? { y, x } : undefined;
}

/** The padding that the windows reach. */
export function haloOf({ y, x }: Window2, height: number, width: number): Halo {
  const behind = ({ kernel, stride, dilation, begin, output }: Along, size: number): number =>
    Math.max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - begin - size);
  return {
    top: Math.max(0, y.begin),
    left: Math.max(0, x.begin),
    bottom: behind(y, height),
    right: behind(x, width),
  };
}
