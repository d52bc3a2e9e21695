/** Lists of operators that several profiles share. */

/** With a weight. */
export const linear = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'] as const;

/** Scales along the output channels, wherever the weight has them. */
export const everyChannelAxis = {
  Conv: [0],
  ConvTranspose: [1],
  Gemm: [0, 1],
  MatMul: [1],
} as const;
