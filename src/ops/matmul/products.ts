/** Matrix products, each sum in the order of the inner axis: of floats in doubles, of integers wrapping. */

export interface ProductShape {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Where the three matrices start in their arrays. */
export interface ProductPlace {
  readonly left: number;
  readonly right: number;
  readonly result: number;
}

export interface Matrices {
  /** [rows, inner] */
  readonly left: Float64Array;
  /** [inner, columns] */
  readonly right: Float64Array;
  /** [rows, columns]: the products are added to what stands here. */
  readonly result: Float64Array;
}

/** Four places of the inner axis a walk, one product after the other, which is the same sum. */
export function addProducts({ left, right, result }: Matrices, shape: ProductShape, at: ProductPlace): void {
  const { rows, inner, columns } = shape;
  for (let row = 0; row < rows; row++) {
    const y = at.result + row * columns;
    const x = at.left + row * inner;
    let k = 0;
    for (; k + 3 < inner; k += 4) {
      const [a0, a1, a2, a3] = [left[x + k]!, left[x + k + 1]!, left[x + k + 2]!, left[x + k + 3]!];
      const b0 = at.right + k * columns;
      const [b1, b2, b3] = [b0 + columns, b0 + 2 * columns, b0 + 3 * columns];
      for (let j = 0; j < columns; j++) {
        let sum = result[y + j]!;
        sum += a0 * right[b0 + j]!;
        sum += a1 * right[b1 + j]!;
        sum += a2 * right[b2 + j]!;
        sum += a3 * right[b3 + j]!;
        result[y + j] = sum;
      }
    }
    for (; k < inner; k++) {
      const a = left[x + k]!;
      const b = at.right + k * columns;
      for (let j = 0; j < columns; j++) result[y + j]! += a * right[b + j]!;
    }
  }
}

/** Of 32-bit integers: modulo 2^32, as signed numbers. `result` starts from what stands in it. */
export function addProducts32(
  { left, right, result }: { left: ArrayLike<number>; right: ArrayLike<number>; result: Int32Array },
  { rows, inner, columns }: ProductShape,
  at: ProductPlace,
): void {
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < inner; k++) {
      const a = left[at.left + row * inner + k]!;
      const b = at.right + k * columns;
      const y = at.result + row * columns;
      for (let j = 0; j < columns; j++) result[y + j]! += Math.imul(a, right[b + j]!);
    }
}

/** Of 64-bit integers: exact; who stores the sums wraps them. */
export function addProducts64(
  { left, right, result }: { left: ArrayLike<bigint>; right: ArrayLike<bigint>; result: bigint[] },
  { rows, inner, columns }: ProductShape,
  at: ProductPlace,
): void {
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < columns; j++) {
      let sum = result[at.result + row * columns + j]!;
      for (let k = 0; k < inner; k++)
        sum += left[at.left + row * inner + k]! * right[at.right + k * columns + j]!;
      result[at.result + row * columns + j] = sum;
    }
}
