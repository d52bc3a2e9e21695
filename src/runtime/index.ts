/** `octavo/runtime`: runs what `octavo compile` wrote. No engine, no dependency at run time, no eval. */
export type { RuntimeErrorCode } from './errors.ts';
export { RuntimeError } from './errors.ts';
export type { FileContent, ModelSource } from './files.ts';
export type { LoadOptions } from './load.ts';
export { load } from './load.ts';
export type { CallProfile, CompiledNetwork, Feeds, Outputs, PortMetadata } from './model.ts';
export type { OutputTensor, TensorData, TensorLike } from './tensor.ts';
