/** Lanes for `i8x16.shuffle` that put four rows of bytes into four bytes a column. */

/** Bytes of two lower halves in turn, and of two upper ones. */
export const bytesOfLow = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
export const bytesOfHigh = bytesOfLow.map((lane) => lane + 8);
/** Pairs of bytes of two lower halves in turn, and of two upper ones. */
export const pairsOfLow = [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23];
export const pairsOfHigh = pairsOfLow.map((lane) => lane + 8);
