/** Moving elements without looking at them: transposes, slices, gathers and their like, in any dtype. */

import type { Node } from '../ir/index.ts';
import { dtypes, storageBytes, Tensor } from '../ir/index.ts';
import { boundedCount, cannotEvaluate } from './elements.ts';

/**
 * Element i of the result is element `from[i]` of the source; where that is -1, the only element of `fill`.
 * Both have the same dtype. Sub-byte types are refused (UNSUPPORTED).
 */
export function moveElements(
  node: Node,
  source: Tensor,
  dims: readonly number[],
  from: ArrayLike<number>,
  fill?: Tensor,
): Tensor {
  const count = boundedCount(node, dims);
  if (source.dtype === 'string') {
    const strings = source.strings();
    const blank = fill?.strings()[0] ?? new Uint8Array(0);
    return Tensor.ofStrings(
      dims,
      Array.from({ length: count }, (_, i) => (from[i]! < 0 ? blank : strings[from[i]!]!)),
    );
  }
  const width = dtypes[source.dtype].bits / 8;
  if (width < 1) throw cannotEvaluate(node, `packed ${source.dtype} elements are not moved`);
  const bytes = source.bytes();
  const out = new Uint8Array(storageBytes(source.dtype, count));
  const blank = fill?.bytes();
  for (let i = 0; i < count; i++) {
    const at = from[i]!;
    const start = at * width;
    if (at >= 0) for (let b = 0; b < width; b++) out[i * width + b] = bytes[start + b]!;
    else if (blank !== undefined) for (let b = 0; b < width; b++) out[i * width + b] = blank[b]!;
  }
  return Tensor.lazy(source.dtype, dims, () => out);
}

/** Tensors one after the other: rows of `outer`, each tensor giving `inner` elements a row. */
export function joinElements(
  node: Node,
  tensors: readonly Tensor[],
  dims: readonly number[],
  layout: { readonly outer: number; readonly inner: readonly number[] },
): Tensor {
  boundedCount(node, dims);
  const dtype = tensors[0]!.dtype;
  const strings: Uint8Array[] = [];
  const width = dtypes[dtype].bits / 8;
  if (dtype !== 'string' && width < 1) throw cannotEvaluate(node, `packed ${dtype} elements are not moved`);
  const out = new Uint8Array(storageBytes(dtype, boundedCount(node, dims)));
  let at = 0;
  for (let row = 0; row < layout.outer; row++)
    for (const [t, tensor] of tensors.entries()) {
      const inner = layout.inner[t]!;
      if (dtype === 'string') {
        strings.push(...tensor.strings().slice(row * inner, (row + 1) * inner));
        continue;
      }
      const length = inner * width;
      out.set(tensor.bytes().subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  return dtype === 'string' ? Tensor.ofStrings(dims, strings) : Tensor.lazy(dtype, dims, () => out);
}
