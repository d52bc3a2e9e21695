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
  const out = new Uint8Array(storageBytes(source.dtype, count));
  const blank = fill?.bytes();
  // Four bytes at a time where elements have as many: they mostly do.
  if (width % 4 === 0)
    moveWords(wordsOf(out), wordsOf(source.bytes()), blank && wordsOf(blank), from, width / 4);
  else moveWords(out, source.bytes(), blank, from, width);
  return Tensor.lazy(source.dtype, dims, () => out);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  // Not slice(): a Node Buffer's is a view at the same odd place.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function moveWords(
  out: Uint8Array | Uint32Array,
  source: Uint8Array | Uint32Array,
  blank: Uint8Array | Uint32Array | undefined,
  from: ArrayLike<number>,
  width: number,
): void {
  for (let i = 0, to = 0; to < out.length; i++) {
    const at = from[i]!;
    if (at < 0) for (let w = 0; w < width; w++) out[to++] = blank?.[w] ?? 0;
    else for (let w = 0, start = at * width; w < width; w++) out[to++] = source[start + w]!;
  }
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
