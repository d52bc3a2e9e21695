/** `octavo/runtime`: runs what `octavo compile` wrote. No engine, no dependency at run time, no eval. */
export type { VariantName } from './choose-module.ts';
export type { RuntimeErrorCode, RuntimeNote } from './errors.ts';
export { RuntimeError } from './errors.ts';
export type { FileContent, ModelSource } from './files.ts';
export type { ImageLike } from './image-input.ts';
export type { LoadOptions } from './load.ts';
export { load } from './load.ts';
export type { CompiledImage, ElementType } from './manifest.ts';
export type { CallProfile, Feeds, Outputs, PortMetadata } from './network.ts';
export { CompiledNetwork } from './network.ts';
export type { Given, OutputTensor, TensorData, TensorLike } from './tensor.ts';
