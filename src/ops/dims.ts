/** Arithmetic on sizes that may be named or unknown: a name survives where it provably stays, else null. */
import type { Dim, Shape } from '../ir/index.ts';

/** A computed number as a dim; beyond 2^53 nothing is known any more. */
export function dimOf(n: number): Dim {
  return Number.isSafeInteger(n) ? n : null;
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return dimOf(a + b);
  return a === 0 ? b : b === 0 ? a : null;
}

export function subDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return dimOf(a - b);
  if (b === 0) return a;
  return a !== null && a === b ? 0 : null;
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  if (typeof a === 'number' && typeof b === 'number') return dimOf(a * b);
  return a === 1 ? b : b === 1 ? a : null;
}

/** Integer division that truncates toward zero, as ONNX's Div. */
export function divDims(a: Dim, b: Dim): Dim {
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? null : dimOf(Math.trunc(a / b));
  return null;
}

/** Product; 1 for no dims. */
export function productOf(dims: Shape): Dim {
  return dims.reduce<Dim>(mulDims, 1);
}

/** What two statements about one size give together; undefined when they contradict. */
export function mergeDim(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a === b ? a : undefined;
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return a ?? b;
}

/** Nothing known but the rank. */
export function unknownDims(rank: number): Shape {
  return new Array<Dim>(rank).fill(null);
}
