/** Compiled models for the commands that run them: options, loading, and the runtime's errors as the command's. */
import { statSync } from 'node:fs';
import { OctavoError } from '../base/errors.ts';
import type { Port, Tensor } from '../ir/index.ts';
import { tensorType } from '../ir/index.ts';
import type { CompiledNetwork, PortMetadata, TensorData } from '../runtime/index.ts';
import { load, RuntimeError } from '../runtime/index.ts';
import type { OptionSpec, RawOptions } from './command-spec.ts';
import { choiceOf, countOf, dimsOf } from './option-values.ts';

const variants = ['auto', 'relaxed', 'baseline'] as const;

export const loadOptions: readonly OptionSpec[] = [
  {
    flags: '--variant <name>',
    text: 'Which code: auto (relaxed SIMD where this Node has it and the machine is exact), relaxed, baseline',
  },
  { flags: '--threads <n>', text: 'Threads that share the work of a layer (default: 1); the same bits' },
  { flags: '--dim <sizes>', text: 'Which of the sizes it was compiled for: H=224 (default: the first set)' },
];

/** Throws IO, FORMAT, INVALID_ARGUMENT, UNSUPPORTED. */
export async function loadCompiled(folder: string, raw: RawOptions): Promise<CompiledNetwork> {
  if (statSync(folder, { throwIfNoEntry: false })?.isFile())
    throw new OctavoError({
      code: 'IO',
      where: folder,
      what: 'this is a file, and a compiled model is a folder',
      remedy: 'Give the folder that octavo compile wrote, or compile the model first',
    });
  const variant = choiceOf(raw.variant, '--variant', variants) ?? 'auto';
  const threads = countOf(raw.threads, '--threads') ?? 1;
  const sizes = dimsOf(raw.dim, '--dim');
  return asOctavo(() => load(folder, { variant, threads, ...(sizes === undefined ? {} : { sizes }) }));
}

const codes = {
  LOAD: 'IO',
  FORMAT: 'FORMAT',
  INPUT: 'INVALID_ARGUMENT',
  UNSUPPORTED: 'UNSUPPORTED',
  STATE: 'ENGINE',
} as const;

/** The runtime's errors are its own, so that it stays small; here they end as any other. */
export async function asOctavo<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RuntimeError)) throw cause;
    const { code, where, what, remedy } = cause;
    throw new OctavoError({ code: codes[code], where, what, remedy, cause });
  }
}

/** As the data readers know an input. */
export function portOf({ name, type, shape }: PortMetadata): Port {
  return { name, type: tensorType(type, shape) };
}

export function feedOf(tensor: Tensor): TensorData {
  return tensor.data(tensor.dtype as 'float32');
}
