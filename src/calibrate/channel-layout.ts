/** A tensor seen as [outer, channels, inner]: all that per-channel work needs to know of its shape. */
import { invalidArgument } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';

export interface ChannelLayout {
  /** Slices of the channel axis. */
  readonly channels: number;
  /** Consecutive elements of one channel: the product of the dims after the axis. */
  readonly inner: number;
}

/** `axis` may count from the end, as in ONNX. Throws INVALID_ARGUMENT for one the dims do not have. */
export function channelLayout(dims: readonly number[], axis: number, where: string): ChannelLayout {
  const at = axis < 0 ? axis + dims.length : axis;
  const channels = dims[at];
  if (channels === undefined)
    throw invalidArgument(where, `dims [${dims.join(',')}] have no axis ${axis}`, 'Check the channel axis');
  return { channels, inner: elementCount(dims.slice(at + 1)) };
}

/** Throws INVALID_ARGUMENT when `length` elements are not whole slices of the layout. */
export function checkLayout(layout: ChannelLayout, length: number, where: string): void {
  const slice = layout.channels * layout.inner;
  if (slice === 0 ? length !== 0 : length % slice !== 0)
    throw invalidArgument(
      where,
      `${length} elements are not whole slices of ${layout.channels} channels of ${layout.inner}`,
      'Check the channel axis',
    );
}
