/**
 * What the engines of onnxruntime have in common: tensors and metadata to and fro, and errors in Octavo's form. Typed
 * by what is used of onnxruntime's JavaScript, so that these declarations hold where no package of it is installed.
 */
import { OctavoError } from '../base/errors.ts';
import type { DType } from '../ir/index.ts';
import { isNumericDType, Tensor } from '../ir/index.ts';
import type { Session, SessionOptions, SessionPort } from './engine.ts';
import { freeBuffers } from './free-buffers.ts';

/** A tensor of onnxruntime's. */
export interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

export type OrtTensorConstructor = new (
  type: 'float32',
  data: Float32Array,
  dims?: readonly number[],
) => OrtTensor;

export interface OrtMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A session of onnxruntime's. */
export interface OrtSession {
  /** Absent before onnxruntime 1.22. */
  readonly inputMetadata?: readonly OrtMetadata[];
  readonly outputMetadata?: readonly OrtMetadata[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** What onnxruntime on a CPU, native or WebAssembly, is told besides its threads. */
export function ortSessionOptions({ optimization }: SessionOptions) {
  return {
    // Warnings about the user's graph would reach stderr between our progress lines; what fails still throws.
    logSeverityLevel: 3,
    graphOptimizationLevel: optimization === 'none' ? 'disabled' : 'all',
  } as const;
}

export interface WrapOptions {
  /** `onnxruntime-node 1.30.0` */
  readonly engine: string;
  readonly session: OrtSession;
  readonly Tensor: OrtTensorConstructor;
  /** Its answers are memory of their own, worth freeing by hand. */
  readonly discards?: boolean;
  /** Throws ENGINE for what this engine cannot be fed. */
  readonly checkInput?: (where: string, tensor: Tensor) => void;
}

/** Octavo's session around onnxruntime's. Throws MISSING_DEPENDENCY for an onnxruntime that tells no shapes. */
export function wrapOrtSession(options: WrapOptions): Session {
  const { engine, session, Tensor: Ctor, discards = false, checkInput } = options;
  const { inputMetadata, outputMetadata } = session;
  if (inputMetadata === undefined || outputMetadata === undefined)
    throw new OctavoError({
      code: 'MISSING_DEPENDENCY',
      where: engine,
      what: "it is too old to tell the types of a model's inputs",
      remedy: `Run: npm install ${engine.split(' ')[0]}@latest (1.22 or later)`,
    });
  return {
    inputs: inputMetadata.map(portOf),
    outputs: outputMetadata.map(portOf),
    async run(feeds, fetch) {
      try {
        const ortFeeds: Record<string, OrtTensor> = {};
        for (const [input, tensor] of Object.entries(feeds)) {
          const where = `input '${input}'`;
          checkInput?.(where, tensor);
          ortFeeds[input] = toOrt(Ctor, where, tensor);
        }
        const results =
          fetch === undefined ? await session.run(ortFeeds) : await session.run(ortFeeds, [...fetch]);
        const out: Record<string, Tensor> = {};
        for (const [output, value] of Object.entries(results)) out[output] = fromOrt(value);
        return out;
      } catch (cause) {
        throw engineError(engine, cause);
      }
    },
    ...(discards
      ? {
          discard: (answers) =>
            freeBuffers(
              Object.values(answers).flatMap((t) => (t.dtype === 'string' ? [] : t.bytes().buffer)),
            ),
        }
      : {}),
    dispose: () => session.release(),
  };
}

function portOf(meta: OrtMetadata): SessionPort {
  if (!meta.isTensor) return { name: meta.name, dtype: 'float32', shape: [] };
  return {
    name: meta.name,
    dtype: meta.type as DType,
    shape: (meta.shape ?? []).map((d) => (typeof d === 'number' && d < 0 ? null : d)),
  };
}

function toOrt(Ctor: OrtTensorConstructor, where: string, tensor: Tensor): OrtTensor {
  if (!isNumericDType(tensor.dtype) || tensor.dtype === 'bfloat16')
    throw new OctavoError({
      code: 'ENGINE',
      where,
      what: `inputs of type ${tensor.dtype} cannot be fed`,
      remedy: 'Export the model with a numeric input',
    });
  // Octavo's names of these types are onnxruntime's.
  return new Ctor(tensor.dtype as 'float32', tensor.data(tensor.dtype) as never, [...tensor.dims]);
}

function fromOrt(value: OrtTensor): Tensor {
  const dtype = value.type as DType;
  if (dtype === 'string') {
    const utf8 = new TextEncoder();
    return Tensor.ofStrings(
      value.dims,
      (value.data as string[]).map((s) => utf8.encode(s)),
    );
  }
  const data = value.data as Uint8Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Tensor.lazy(dtype, value.dims, () => bytes);
}

/** What onnxruntime threw, as ENGINE; an OctavoError stays as it is. */
export function engineError(where: string, cause: unknown): OctavoError {
  if (cause instanceof OctavoError) return cause;
  const message = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\.$/, '');
  if (isLackOfMemory(cause, message))
    return new OctavoError({
      code: 'ENGINE',
      where,
      what: `it failed, most likely because memory ran out (${message})`,
      remedy: 'Try a smaller model or batch, or onnxruntime-node, which has the memory of the whole machine',
      cause,
    });
  return new OctavoError({
    code: 'ENGINE',
    where,
    what: message,
    remedy: 'Check that the model runs in onnxruntime as it is, and that the inputs fit it',
    cause,
  });
}

/** An exception that nobody caught inside WebAssembly arrives as its address, or as what the engine made of it. */
function isLackOfMemory(cause: unknown, message: string): boolean {
  return (
    cause instanceof RangeError ||
    cause instanceof WebAssembly.RuntimeError ||
    /^\d+$|bad_alloc|\bOOM\b|out of memory/i.test(message)
  );
}
