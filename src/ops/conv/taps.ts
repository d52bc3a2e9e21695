/**
 * Where each tap of a kernel meets the data: rows of pairs (place read, place added to) along the last axis. Padding
 * makes no pairs, so that it adds nothing.
 */
import { elementCount } from '../../base/integer.ts';
import type { Node } from '../../ir/index.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { WindowGeometry } from '../conv-geometry.ts';
import { cannotEvaluate } from '../elements.ts';

export interface Tap {
  /** Where each row starts, in a channel of the input and of the output. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Pairs in a row, `Taps.fromStep` and `Taps.toStep` apart. */
  readonly length: number;
}

export interface Taps {
  /** In the row-major order of the kernel. */
  readonly list: readonly Tap[];
  readonly fromStep: number;
  readonly toStep: number;
}

/** Rows kept for all taps together: beyond, the table is larger than any network's. */
const maxRows = 2 ** 24;

/** Output o reads input o * stride + tap * dilation - pad. Sizes are those of the spatial axes. */
export function convTaps(
  node: Node,
  geometry: WindowGeometry,
  sizes: { readonly input: readonly number[]; readonly output: readonly number[] },
): Taps {
  const { list, step } = meetings(node, geometry, sizes.output, sizes.input);
  return {
    list: list.map(({ dense, sparse, length }) => ({ from: sparse, to: dense, length })),
    fromStep: step,
    toStep: 1,
  };
}

/** Input i adds to output i * stride + tap * dilation - pad. */
export function transposedTaps(
  node: Node,
  geometry: WindowGeometry,
  sizes: { readonly input: readonly number[]; readonly output: readonly number[] },
): Taps {
  const { list, step } = meetings(node, geometry, sizes.input, sizes.output);
  return {
    list: list.map(({ dense, sparse, length }) => ({ from: dense, to: sparse, length })),
    fromStep: 1,
    toStep: step,
  };
}

interface Meeting {
  readonly dense: Int32Array;
  readonly sparse: Int32Array;
  readonly length: number;
}

/** Dense place d meets sparse place d * stride + tap * dilation - pad. */
function meetings(
  node: Node,
  geometry: WindowGeometry,
  dense: readonly number[],
  sparse: readonly number[],
): { readonly list: readonly Meeting[]; readonly step: number } {
  const { kernel, strides, dilations } = geometry;
  const begin = geometry.pads!.begin;
  const last = kernel.length - 1;
  const denseStrides = stridesOf(dense);
  const sparseStrides = stridesOf(sparse).map((s, a) => s * strides[a]!);
  const list: Meeting[] = [];
  const index = kernel.map(() => 0);
  const count = elementCount(kernel);
  let rows = 0;
  for (let t = 0; t < count; t++) {
    const offsets = index.map((k, a) => k * dilations[a]! - begin[a]!);
    const first = offsets.map((o, a) => Math.max(0, Math.ceil(-o / strides[a]!)));
    const counts = offsets.map((o, a) => {
      const end = Math.min(dense[a]! - 1, Math.floor((sparse[a]! - 1 - o) / strides[a]!));
      return Math.max(0, end - first[a]! + 1);
    });
    const outer = counts.includes(0) ? [0] : counts.slice(0, last);
    rows += 1 + elementCount(outer);
    if (!(rows <= maxRows)) throw cannotEvaluate(node, 'a kernel of so many taps is not computed here');
    const denseStart = first.reduce((at, f, a) => at + f * denseStrides[a]!, 0);
    const sparseStart = first.reduce(
      (at, f, a) => at + f * sparseStrides[a]! + (offsets[a]! * sparseStrides[a]!) / strides[a]!,
      0,
    );
    list.push({
      dense: walk(outer, denseStrides, denseStart),
      sparse: walk(outer, sparseStrides, sparseStart),
      length: counts[last]!,
    });
    for (let a = last; a >= 0 && ++index[a]! === kernel[a]; a--) index[a] = 0;
  }
  return { list, step: strides[last]! };
}
