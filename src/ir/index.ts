/** The IR's public face within the house. */
export * from './attribute.ts';
export * from './draft.ts';
export * from './dtype.ts';
export * from './graph.ts';
export * from './quantization.ts';
export * from './tensor.ts';
export * from './verify.ts';
