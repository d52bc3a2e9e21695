/** From files to a network that runs: the manifest checked, the fastest exact variant chosen, weights recognised by their hash. */
import { checkManifest } from './check-manifest.ts';
import type { ChosenModule, VariantName } from './choose-module.ts';
import { chooseModule } from './choose-module.ts';
import type { RuntimeNote } from './errors.ts';
import { messageOf, RuntimeError } from './errors.ts';
import type { Executor, Instance } from './executor.ts';
import { instantiate, oneThread } from './executor.ts';
import type { ModelFiles, ModelSource } from './files.ts';
import { filesOf, manifestName } from './files.ts';
import type { CompiledProgram, Manifest } from './manifest.ts';
import { CompiledNetwork } from './network.ts';
import { memoryFor, placeWeights, readWeights } from './place-weights.ts';
import { severalThreads } from './several-threads.ts';

export interface LoadOptions {
  /** Which of the sizes it was compiled for, e.g. `{ H: 224 }`. Default: the first set. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Default `auto`: relaxed SIMD where it is there and exact on this machine. Both give the same bits. */
  readonly variant?: 'auto' | VariantName;
  /**
   * Threads that share the work of each layer, the caller's among them; default 1. The same bits with any number. Where memory
   * cannot be shared it is one, and `notes` say why.
   */
  readonly threads?: number;
  /** Where the script of the other threads lies, if not beside this one: `octavo/runtime-thread.js`. */
  readonly threadUrl?: string | URL;
  /** Runs once before it is handed over, so that the first real run is no slower than later ones. Default true. */
  readonly warmUp?: boolean;
  /** Hears how much of the weights has come. */
  readonly onProgress?: (loadedBytes: number, totalBytes: number) => void;
  /** Ends loading: `load` throws the signal's reason. */
  readonly signal?: AbortSignal;
}

const mostThreads = 64;

/**
 * Loads what `octavo compile` wrote. Throws RuntimeError: LOAD for files that are not there, FORMAT for files that are cut short
 * or of another model, UNSUPPORTED where this engine lacks WebAssembly SIMD or room, INPUT for sizes and options it has not.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<CompiledNetwork> {
  const { sizes, variant = 'auto', threads = 1, warmUp = true, onProgress, signal } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new RuntimeError('INPUT', 'threads', `${threads} cannot be had`, `Give 1 to ${mostThreads}`);
  const files = filesOf(source, signal);
  const manifest = await readManifest(files);
  const program = chooseProgram(manifest, sizes);
  const alone = threads === 1 ? undefined : whyAlone();
  const shared = threads > 1 && alone === undefined;
  const [weights, chosen] = await Promise.all([
    readWeights(files, manifest, onProgress),
    chooseModule(files, manifest, { variant, shared }),
  ]);
  const { module, where } = chosen;
  const memory = memoryFor(program, files.where, shared);
  placeWeights(memory, weights, manifest, program, files.where);
  const instance = instantiate(module, memory, where);
  const { executor, notes } = shared
    ? await withThreads(chosen, instance, program, options)
    : { executor: oneThread(instance, program), notes: alone === undefined ? [] : [oneThreadNote(alone)] };
  try {
    signal?.throwIfAborted();
    if (warmUp) await executor.run();
    signal?.throwIfAborted();
  } catch (error) {
    await executor.dispose();
    throw error;
  }
  return new CompiledNetwork({ manifest, program, variant: chosen.variant, notes, executor });
}

async function readManifest(files: ModelFiles): Promise<Manifest> {
  const where = `${files.where}: ${manifestName}`;
  const bytes = await files.bytes(manifestName);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RuntimeError(
      'FORMAT',
      where,
      `it is no JSON: ${messageOf(cause)}`,
      'Compile the model again: octavo compile',
      { cause },
    );
  }
  return checkManifest(json, where);
}

function chooseProgram({ programs }: Manifest, wanted: LoadOptions['sizes']): CompiledProgram {
  const entries = Object.entries(wanted ?? {});
  const found = programs.find((p) => entries.every(([name, size]) => p.sizes[name] === size));
  if (found !== undefined) return found;
  const known = programs.map((p) => JSON.stringify(p.sizes)).join(', ');
  throw new RuntimeError(
    'INPUT',
    'sizes',
    `the model was not compiled for ${JSON.stringify(wanted)}`,
    `Choose from ${known}, or compile it for more (octavo compile --dim)`,
  );
}

/** Why memory cannot be shared here, if so. Pages that are not isolated can make it, but not send it to a worker. */
function whyAlone(): { readonly what: string; readonly remedy: string } | undefined {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false) return undefined;
  return {
    what: 'this page is not cross-origin isolated, so that memory cannot be shared',
    remedy:
      'Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
  };
}

function oneThreadNote({ what, remedy }: { readonly what: string; readonly remedy: string }): RuntimeNote {
  return { code: 'one-thread', what: `it runs on one thread: ${what}`, remedy };
}

async function withThreads(
  { module, variant }: ChosenModule,
  instance: Instance,
  program: CompiledProgram,
  { threads = 1, threadUrl }: LoadOptions,
): Promise<{ readonly executor: Executor; readonly notes: readonly RuntimeNote[] }> {
  try {
    return {
      executor: await severalThreads(module, instance, program, { threads, variant, threadUrl }),
      notes: [],
    };
  } catch (cause) {
    const note = oneThreadNote({
      what: `its threads cannot be started: ${messageOf(cause)}`,
      remedy: 'Serve octavo/runtime-thread.js from the same origin and name it in threadUrl',
    });
    return { executor: oneThread(instance, program), notes: [note] };
  }
}
