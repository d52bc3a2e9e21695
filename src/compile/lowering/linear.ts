/** Convolutions and matrix products of codes. */
import { convHalo, lowerConv } from './convolutions.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { lowerGemm, lowerMatMul } from './matrix-products.ts';
import { convTransposeHalo, lowerConvTranspose } from './transposed.ts';

/** What is float has kernels of its own. */
const onCodes = (context: LowerContext): boolean =>
  context.inputQuant(0) !== undefined && context.inputQuant(1) !== undefined;

export const linearLowerings: readonly Lowering[] = [
  { op: 'Conv', layout: 'channels-last', takes: onCodes, halo: convHalo, lower: lowerConv },
  {
    op: 'ConvTranspose',
    layout: 'channels-last',
    takes: onCodes,
    halo: convTransposeHalo,
    lower: lowerConvTranspose,
  },
  { op: 'Gemm', takes: onCodes, lower: lowerGemm },
  { op: 'MatMul', takes: onCodes, lower: lowerMatMul },
];
