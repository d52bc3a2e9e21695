/** Compiling and running in one go, for those who may compile at run time. */
import type { Model } from '../ir/index.ts';
import type { CompiledNetwork, LoadOptions } from '../runtime/index.ts';
import { load } from '../runtime/index.ts';
import type { CompileOptions } from './compile.ts';
import { compileModel } from './compile.ts';

export interface CompileInProcessOptions extends LoadOptions, Pick<CompileOptions, 'quantizedIo'> {
  /** Sizes for names in the model, e.g. `{ N: 1, H: 224 }`. Default: an open first axis is 1. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/**
 * The INT8 model as a network that runs here. Throws what `compileModel` throws, and RuntimeError UNSUPPORTED where this engine lacks
 * WebAssembly SIMD.
 */
export async function compileInProcess(
  model: Model,
  options: CompileInProcessOptions = {},
): Promise<CompiledNetwork> {
  const { sizes, quantizedIo = false, ...loading } = options;
  const { files } = compileModel(model, { quantizedIo, ...(sizes === undefined ? {} : { sizes: [sizes] }) });
  return load(files, loading);
}
