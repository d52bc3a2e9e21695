/** From files to a network that runs: the manifest checked, the fastest exact variant chosen, weights recognised by their hash. */
import { checkManifest } from './check-manifest.ts';
import { RuntimeError } from './errors.ts';
import type { ModelFiles, ModelSource } from './files.ts';
import { filesOf, manifestName } from './files.ts';
import type { CompiledProgram, Manifest } from './manifest.ts';
import type { Executor } from './model.ts';
import { CompiledNetwork } from './model.ts';
import { relaxedIsExact } from './probe.ts';
import { sha256Hex } from './sha256.ts';

export interface LoadOptions {
  /** Which of the sizes it was compiled for, e.g. `{ H: 224 }`. Default: the first set. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Default `auto`: relaxed SIMD where it is there and exact on this machine. Both give the same bits. */
  readonly variant?: 'auto' | 'relaxed' | 'baseline';
  /** Runs once before it is handed over, so that the first real run is no slower than later ones. Default true. */
  readonly warmUp?: boolean;
}

/**
 * Loads what `octavo compile` wrote. Throws RuntimeError: LOAD for files that are not there, FORMAT for files that are cut short
 * or of another model, UNSUPPORTED where this engine lacks WebAssembly SIMD.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<CompiledNetwork> {
  const files = filesOf(source);
  const manifest = await readManifest(files);
  const program = chooseProgram(manifest, options.sizes);
  const [weights, { module, variant }] = await Promise.all([
    readWeights(files, manifest),
    chooseModule(files, manifest, options.variant ?? 'auto'),
  ]);
  const memory = memoryFor(program, manifest);
  place(memory, weights, manifest, program);
  const executor = oneThread(module, memory, program, `${files.where}: ${manifest.modules[variant]}`);
  if (options.warmUp !== false) await executor.run();
  return new CompiledNetwork(manifest, program, variant, executor);
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
      `it is no JSON: ${(cause as Error).message}`,
      'Compile the model again: octavo compile',
      { cause },
    );
  }
  return checkManifest(json, where);
}

function chooseProgram(manifest: Manifest, wanted: LoadOptions['sizes']): CompiledProgram {
  const { programs } = manifest;
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

async function readWeights(files: ModelFiles, { weights }: Manifest): Promise<Uint8Array> {
  const bytes = await files.bytes(weights.file);
  const where = `${files.where}: ${weights.file}`;
  const remedy = 'Copy the folder anew, or compile the model again';
  if (bytes.length !== weights.bytes)
    throw new RuntimeError('FORMAT', where, `it has ${bytes.length} bytes, not ${weights.bytes}`, remedy);
  const hash = await sha256Hex(bytes);
  if (hash !== weights.sha256)
    throw new RuntimeError(
      'FORMAT',
      where,
      `its SHA-256 is ${hash.slice(0, 12)}..., not that of the manifest`,
      remedy,
    );
  return bytes;
}

interface ChosenModule {
  readonly module: WebAssembly.Module;
  readonly variant: 'relaxed' | 'baseline';
}

async function chooseModule(
  files: ModelFiles,
  { modules }: Manifest,
  wanted: 'auto' | 'relaxed' | 'baseline',
): Promise<ChosenModule> {
  const relaxed = wanted !== 'baseline' && relaxedIsExact();
  if (wanted === 'relaxed' && !relaxed)
    throw new RuntimeError(
      'UNSUPPORTED',
      'variant relaxed',
      'this machine has no exact relaxed dot product',
      "Leave it to 'auto', or take 'baseline'",
    );
  const variant = relaxed ? 'relaxed' : 'baseline';
  return { module: await files.module(modules[variant]), variant };
}

const pageBytes = 65536;

function memoryFor({ memoryBytes }: CompiledProgram, { name }: Manifest): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(memoryBytes / pageBytes) });
  } catch (cause) {
    throw new RuntimeError(
      'UNSUPPORTED',
      `model '${name}'`,
      `there is no room for its ${memoryBytes} bytes of memory`,
      'Close other models, or compile it for smaller sizes',
      { cause },
    );
  }
}

function place(
  memory: WebAssembly.Memory,
  weights: Uint8Array,
  { weights: { constants } }: Manifest,
  { image }: CompiledProgram,
): void {
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(weights.subarray(0, constants.bytes), constants.at);
  bytes.set(weights.subarray(image.offset, image.offset + image.bytes), image.at);
}

interface Exports {
  run(list: number, calls: number): void;
  call(kernel: number, header: number, from: number, to: number): void;
}

function oneThread(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  program: CompiledProgram,
  where: string,
): Executor {
  const { run, call } = instantiated(module, memory, where);
  const list = new Int32Array(memory.buffer, program.list, 4 * program.calls.length);
  return {
    memory,
    threads: 1,
    run: () => run(program.list, program.calls.length),
    call: (index) => call(list[4 * index]!, list[4 * index + 1]!, 0, list[4 * index + 2]!),
    dispose: () => {},
  };
}

function instantiated(module: WebAssembly.Module, memory: WebAssembly.Memory, where: string): Exports {
  const broken = (cause: unknown): RuntimeError =>
    new RuntimeError('FORMAT', where, 'it is no module of a compiled model', 'Compile the model again', {
      cause,
    });
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(module, { octavo: { memory } });
  } catch (cause) {
    throw broken(cause);
  }
  const { run, call } = instance.exports;
  if (typeof run !== 'function' || typeof call !== 'function') throw broken(undefined);
  return instance.exports as unknown as Exports;
}
