/** onnxruntime-node as an engine. The package is an optional peer: a missing one is an error that says what to install. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { ByteSink } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import type { DType } from '../ir/index.ts';
import { isNumericDType, Tensor } from '../ir/index.ts';
import type { Engine, LargeModel, Session, SessionOptions, SessionPort } from './engine.ts';

type Ort = typeof import('onnxruntime-node');

async function importOrt(): Promise<Ort> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new OctavoError({
      code: 'MISSING_DEPENDENCY',
      where: 'onnxruntime-node',
      what: 'the package that runs float models on Node cannot be loaded',
      remedy: 'Run: npm install onnxruntime-node',
      cause,
    });
  }
}

const ownNames = { bool: 'bool', float16: 'float16' } as const;

/** Octavo's dtype names are onnxruntime's, but for these. */
function toOrtType(dtype: DType): OrtTensor.Type {
  return (ownNames as Partial<Record<DType, OrtTensor.Type>>)[dtype] ?? (dtype as OrtTensor.Type);
}

const rank = (shape: readonly unknown[] | undefined) => shape ?? [];

function portOf(meta: InferenceSession.ValueMetadata): SessionPort {
  if (!meta.isTensor) return { name: meta.name, dtype: 'float32', shape: [] };
  return {
    name: meta.name,
    dtype: meta.type as DType,
    shape: rank(meta.shape).map((d) => (typeof d === 'number' ? (d < 0 ? null : d) : (d as string))),
  };
}

function engineError(where: string, cause: unknown): OctavoError {
  return new OctavoError({
    code: 'ENGINE',
    where,
    what: (cause instanceof Error ? cause.message : String(cause)).replace(/\.\s*$/, ''),
    remedy: 'Check that the model runs in onnxruntime as it is, and that the inputs fit it',
    cause,
  });
}

/** Loads onnxruntime-node; throws MISSING_DEPENDENCY when it is not installed. */
export async function onnxruntimeNode(): Promise<Engine> {
  const ort = await importOrt();
  const require = createRequire(import.meta.url);
  const version = (require('onnxruntime-node/package.json') as { version: string }).version;
  const name = `onnxruntime-node ${version}`;
  return {
    name,
    async load(model, options = {}) {
      const sessionOptions = toSessionOptions(options);
      try {
        return wrap(ort, name, await createSession(ort, model, sessionOptions));
      } catch (cause) {
        throw engineError(name, cause);
      }
    },
  };
}

async function createSession(
  ort: Ort,
  model: Uint8Array | string | LargeModel,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  if (typeof model === 'string') return await ort.InferenceSession.create(model, options);
  if (model instanceof Uint8Array) return await ort.InferenceSession.create(model, options);
  const folder = mkdtempSync(join(tmpdir(), 'octavo-engine-'));
  const [path, location] = [join(folder, 'model.onnx'), 'model.onnx.data'];
  const files = [openSync(path, 'w'), openSync(join(folder, location), 'w')] as const;
  try {
    const sinks = files.map((file): ByteSink => ({ write: (piece) => writeFileSync(file, piece) }));
    model.writeTo(sinks[0]!, sinks[1]!, location);
    return await ort.InferenceSession.create(path, options);
  } finally {
    for (const file of files) closeSync(file);
    // The session has read the files, or holds them open: their names can go.
    rmSync(folder, { recursive: true, force: true });
  }
}

function toSessionOptions(options: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    // Warnings about the user's graph would reach stderr between our progress lines; what fails still throws.
    logSeverityLevel: 3,
    graphOptimizationLevel: options.optimization === 'none' ? 'disabled' : 'all',
    ...(options.optimizedModelPath === undefined
      ? {}
      : { optimizedModelFilePath: options.optimizedModelPath }),
  };
}

function wrap(ort: Ort, name: string, session: InferenceSession): Session {
  return {
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    async run(feeds, fetch) {
      try {
        const ortFeeds: Record<string, OrtTensor> = {};
        for (const [input, tensor] of Object.entries(feeds)) ortFeeds[input] = toOrt(ort, input, tensor);
        const results =
          fetch === undefined ? await session.run(ortFeeds) : await session.run(ortFeeds, [...fetch]);
        const out: Record<string, Tensor> = {};
        for (const [output, value] of Object.entries(results)) out[output] = fromOrt(value as OrtTensor);
        return out;
      } catch (cause) {
        throw cause instanceof OctavoError ? cause : engineError(name, cause);
      }
    },
    dispose: () => session.release(),
  };
}

/** Its native half does not know the Float16Array (Node 24) that its JavaScript half turns every float16 into. */
export const feedsFloat16 = !('Float16Array' in globalThis);

function toOrt(ort: Ort, name: string, tensor: Tensor): OrtTensor {
  if (!isNumericDType(tensor.dtype) || tensor.dtype === 'bfloat16')
    throw new OctavoError({
      code: 'ENGINE',
      where: `input '${name}'`,
      what: `inputs of type ${tensor.dtype} cannot be fed`,
      remedy: 'Export the model with a numeric input',
    });
  if (tensor.dtype === 'float16' && !feedsFloat16)
    throw new OctavoError({
      code: 'ENGINE',
      where: `input '${name}'`,
      what: 'onnxruntime-node cannot take float16 on a Node that has Float16Array',
      remedy: 'Use Node 20 or 22, or export the model with a float32 input',
    });
  return new ort.Tensor(toOrtType(tensor.dtype), tensor.data(tensor.dtype) as never, [...tensor.dims]);
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
