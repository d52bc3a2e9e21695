/** The two largest values of each row of a tensor, over samples: all that keeping the order at the top asks for. */
import type { Tensor } from '../ir/index.ts';

/** Of a sample's rows no more are kept, at equal distances: a detector has thousands of alike ones. */
const mostRows = 256;

/** Pairs in the order they came: `first[i]` > `second[i]`. */
export class TopPairs {
  readonly first: number[] = [];
  readonly second: number[] = [];

  get length(): number {
    return this.first.length;
  }

  /**
   * float32 of one sample; a row runs along `axis`, negative from the end. Rows that are no row (an axis the tensor does not
   * have, fewer than two classes), whose top is shared, or which hold what is not finite, are left out.
   */
  add(tensor: Tensor, axis: number): void {
    const { dims } = tensor;
    const at = axis < 0 ? dims.length + axis : axis;
    const classes = dims[at] ?? 0;
    if (classes < 2 || tensor.size === 0) return;
    const inner = dims.slice(at + 1).reduce((n, d) => n * d, 1);
    const rows = tensor.size / classes;
    const values = tensor.data('float32');
    const step = Math.ceil(rows / mostRows);
    for (let row = 0; row < rows; row += step)
      this.#addRow(values, classes * inner * Math.floor(row / inner) + (row % inner), inner, classes);
  }

  #addRow(values: Float32Array, from: number, stride: number, classes: number): void {
    let first = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let c = 0, at = from; c < classes; c++, at += stride) {
      const x = values[at]!;
      if (!Number.isFinite(x)) return;
      if (x > first) [first, second] = [x, first];
      else if (x > second) second = x;
    }
    if (first === second) return;
    this.first.push(first);
    this.second.push(second);
  }
}
