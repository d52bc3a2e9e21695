/** onnxruntime-node as an engine. The package is an optional peer: a missing one is an error that says what to install. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { ByteSink } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import type { Tensor } from '../ir/index.ts';
import type { Engine, LargeModel, SessionOptions } from './engine.ts';
import { CarriedTensor, sessionInWorkers } from './onnxruntime-node-workers.ts';
import type { OrtSession } from './ort-session.ts';
import { engineError, ortSessionOptions, wrapOrtSession } from './ort-session.ts';

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

/** With more, whoever takes their answers is the slowest; and each has the weights in memory once more. */
const mostWorkers = 4;

/** Loads onnxruntime-node; throws MISSING_DEPENDENCY when it is not installed. */
export async function onnxruntimeNode(): Promise<Engine> {
  const ort = await importOrt();
  const require = createRequire(import.meta.url);
  const version = (require('onnxruntime-node/package.json') as { version: string }).version;
  const name = `onnxruntime-node ${version}`;
  return {
    name,
    loadsPaths: true,
    mostWorkers: Math.min(mostWorkers, availableParallelism() - 1),
    async load(model, options = {}) {
      const { workers = 0 } = options;
      try {
        const session = await createSession(model, (source) =>
          workers > 0
            ? sessionInWorkers(source, toSessionOptions(options), workers)
            : ort.InferenceSession.create(source as string, toSessionOptions(options)),
        );
        const Tensor = workers > 0 ? CarriedTensor : ort.Tensor;
        return wrapOrtSession({ engine: name, session, Tensor, discards: true, checkInput });
      } catch (cause) {
        throw engineError(name, cause);
      }
    },
  };
}

async function createSession(
  model: Uint8Array | string | LargeModel,
  create: (source: Uint8Array | string) => Promise<OrtSession>,
): Promise<OrtSession> {
  if (typeof model === 'string' || model instanceof Uint8Array) return await create(model);
  const folder = inTemporary(() => mkdtempSync(join(tmpdir(), 'octavo-engine-')));
  const [path, location] = [join(folder, 'model.onnx'), 'model.onnx.data'];
  const files = [openSync(path, 'w'), openSync(join(folder, location), 'w')] as const;
  try {
    const sinks = files.map(
      (file): ByteSink => ({ write: (piece) => inTemporary(() => writeFileSync(file, piece)) }),
    );
    model.writeTo(sinks[0]!, sinks[1]!, location);
    return await create(path);
  } finally {
    for (const file of files) closeSync(file);
    // The session has read the files, or holds them open: their names can go.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A large model is copied for the engine, weights and all: that is where temporary folders run full. */
function inTemporary<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new OctavoError({
      code: 'IO',
      where: tmpdir(),
      what: `the engine's copy of the model cannot be written there: ${(cause as Error).message}`,
      remedy: 'Free as much room as the model takes, or name another temporary folder (TMPDIR)',
      cause,
    });
  }
}

function toSessionOptions(options: SessionOptions): InferenceSession.SessionOptions {
  return {
    ...ortSessionOptions(options),
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    ...(options.optimizedModelPath === undefined
      ? {}
      : { optimizedModelFilePath: options.optimizedModelPath }),
  };
}

/** Its native half does not know the Float16Array (Node 24) that its JavaScript half turns every float16 into. */
export const feedsFloat16 = !('Float16Array' in globalThis);

function checkInput(where: string, tensor: Tensor): void {
  if (tensor.dtype === 'float16' && !feedsFloat16)
    throw new OctavoError({
      code: 'ENGINE',
      where,
      what: 'onnxruntime-node cannot take float16 on a Node that has Float16Array',
      remedy: 'Use Node 20 or 22, or export the model with a float32 input',
    });
}
