/** What Octavo knows of operators: their contracts, shape inference, and where windows lie. */
export { broadcastShapes } from './broadcast.ts';
export { computeNode, referenceOf, referenceOnCodes, throughFloat } from './codes.ts';
export type * from './contract.ts';
export { contractOf, contracts } from './contracts.ts';
export type { WindowGeometry } from './conv-geometry.ts';
export { convGeometry, convTransposeGeometry, poolGeometry } from './conv-geometry.ts';
export { dequantizeTensor, quantizeTensor } from './crossings.ts';
export type { InferTypesOptions, TypeTable } from './infer-types.ts';
export { inferTypes } from './infer-types.ts';
