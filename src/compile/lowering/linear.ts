/** Convolutions and matrix products of codes. */
import type { Node } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { convHalo, lowerConv } from './convolutions.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { lowerGemm, lowerMatMul } from './matrix-products.ts';
import { convTransposeHalo, lowerConvTranspose } from './transposed.ts';

/** What is float has kernels of its own. */
const onCodes = (context: LowerContext): boolean =>
  context.inputQuant(0) !== undefined && context.inputQuant(1) !== undefined;

/** Windows are read in runs of four bytes; depthwise ones eight channels at a time. */
const narrow = (node: Node): boolean => intAttr(node, 'group', 1) === 1;

export const linearLowerings: readonly Lowering[] = [
  { op: 'Conv', layout: 'channels-last', takes: onCodes, halo: convHalo, narrow, lower: lowerConv },
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
