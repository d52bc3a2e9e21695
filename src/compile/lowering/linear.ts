/** Operators with constant weights on codes: convolutions and matrix products. */
import { convHalo, lowerConv } from './convolutions.ts';
import type { Lowering } from './lowering.ts';
import { lowerGemm, lowerMatMul } from './matrix-products.ts';

export const linearLowerings: readonly Lowering[] = [
  { op: 'Conv', layout: 'channels-last', halo: convHalo, lower: lowerConv },
  { op: 'Gemm', lower: lowerGemm },
  { op: 'MatMul', lower: lowerMatMul },
];
