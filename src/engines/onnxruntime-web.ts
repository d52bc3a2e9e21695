/**
 * onnxruntime-web as an engine: WebAssembly, in a page, in a worker, and on a Node that has no onnxruntime-node. On one
 * thread its answers, and so the INT8 files, are the same to the bit wherever the same version runs.
 */
import { invalidArgument, OctavoError } from '../base/errors.ts';
import type { Engine, LargeModel, SessionOptions } from './engine.ts';
import { givingWay } from './give-way.ts';
import type { OrtSession, OrtTensorConstructor } from './ort-session.ts';
import { engineError, ortSessionOptions, wrapOrtSession } from './ort-session.ts';

/** Where onnxruntime-web finds its own files: a URL in front of their names, or the URL of each. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL };

/** What is used of the module `onnxruntime-web/wasm`. */
export interface OnnxruntimeWebModule {
  readonly env: {
    readonly versions: { readonly web?: string; readonly common: string };
    readonly wasm: { numThreads?: number; wasmPaths?: WasmPaths };
  };
  readonly InferenceSession: {
    create(model: Uint8Array, options?: object): Promise<OrtSession>;
  };
  readonly Tensor: OrtTensorConstructor;
}

export interface OnnxruntimeWebOptions {
  /**
   * The imported module: `import * as ort from 'onnxruntime-web/wasm'`, or the same from a CDN. In a page it must be
   * given, so that it is the page's bundler (or nobody) who looks for it; without it, the package is imported by name.
   */
  readonly ort?: OnnxruntimeWebModule;
  /** Default: onnxruntime-web's own, beside its script. */
  readonly wasmPaths?: WasmPaths;
  /** Default 1. More need cross-origin isolation in a page, and may change last bits. */
  readonly threads?: number;
}

/**
 * Threads and paths are settings of the whole module: they count if no session of it was made before. Throws
 * MISSING_DEPENDENCY where the module is neither given nor found.
 */
export async function onnxruntimeWeb(options: OnnxruntimeWebOptions = {}): Promise<Engine> {
  const { threads = 1 } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw invalidArgument('threads', `${threads} is not a number of threads`, 'Give a whole number from 1');
  const ort = options.ort ?? (await importOrt());
  const name = `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`;
  ort.env.wasm.numThreads = threads;
  if (options.wasmPaths !== undefined) ort.env.wasm.wasmPaths = options.wasmPaths;
  return {
    name,
    async load(model, sessionOptions = {}) {
      refuse(name, model, sessionOptions, threads);
      try {
        const session = await ort.InferenceSession.create(model as Uint8Array, {
          ...ortSessionOptions(sessionOptions),
          executionProviders: ['wasm'],
        });
        return givingWay(wrapOrtSession({ engine: name, session, Tensor: ort.Tensor }));
      } catch (cause) {
        throw engineError(name, cause);
      }
    },
  };
}

/** Not a literal in the import: bundlers would look for a package that its users may not have. */
const packageName = 'onnxruntime-web/wasm';

async function importOrt(): Promise<OnnxruntimeWebModule> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ packageName)) as OnnxruntimeWebModule;
  } catch (cause) {
    throw new OctavoError({
      code: 'MISSING_DEPENDENCY',
      where: 'onnxruntime-web',
      what: 'the package that runs float models in WebAssembly cannot be loaded',
      remedy:
        "Run: npm install onnxruntime-web; in a page: import * as ort from 'onnxruntime-web/wasm', and give onnxruntimeWeb({ ort })",
      cause,
    });
  }
}

function refuse(
  name: string,
  model: Uint8Array | string | LargeModel,
  options: SessionOptions,
  threads: number,
): void {
  if (typeof model === 'string')
    throw new OctavoError({
      code: 'ENGINE',
      where: name,
      what: `it has no disk to read '${model}' from`,
      remedy: 'Give the bytes of the model',
    });
  if (!(model instanceof Uint8Array))
    throw new OctavoError({
      code: 'ENGINE',
      where: name,
      what: 'the model is too large: WebAssembly has 4 GB for it and all it computes',
      remedy: 'Quantize it on Node with onnxruntime-node',
    });
  if (options.threads !== undefined && options.threads > threads)
    throw invalidArgument(
      'threads',
      `${options.threads} are asked for, and ${name} was set up with ${threads}`,
      `Set it up with as many: onnxruntimeWeb({ threads: ${options.threads} })`,
    );
  if (options.optimizedModelPath !== undefined)
    throw invalidArgument(
      'optimizedModelPath',
      `${name} has no disk to write it to`,
      'Use onnxruntime-node to look at the optimised graph',
    );
}
