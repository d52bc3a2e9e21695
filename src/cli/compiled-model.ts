/** Compiled models for the commands that run them: options, loading, and the runtime's errors as the command's. */
import { statSync } from 'node:fs';
import { OctavoError } from '../base/errors.ts';
import { clamp, roundHalfEven } from '../base/integer.ts';
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

/** As the data readers know an input: samples are real numbers, where it takes codes too. */
export function portOf({ name, type, shape, codes }: PortMetadata): Port {
  return { name, type: tensorType(codes === undefined ? type : 'float32', shape) };
}

/** What the network takes of samples by the names of its inputs. */
export function feedsOf(
  { inputMetadata }: CompiledNetwork,
  inputs: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, TensorData>> {
  return Object.fromEntries(
    inputMetadata.flatMap((port) => {
      const tensor = inputs[port.name];
      return tensor === undefined ? [] : [[port.name, feedOf(tensor, port)]];
    }),
  );
}

function feedOf(tensor: Tensor, { type, codes }: PortMetadata): TensorData {
  if (codes === undefined) return tensor.data(tensor.dtype as 'float32');
  const { scale, zeroPoint } = codes;
  const [made, least] =
    type === 'int8' ? [new Int8Array(tensor.size), -128] : [new Uint8Array(tensor.size), 0];
  for (const [i, value] of tensor.toFloat32().entries())
    made[i] = clamp(roundHalfEven(Math.fround(value / scale)) + zeroPoint, least, least + 255);
  return made;
}
