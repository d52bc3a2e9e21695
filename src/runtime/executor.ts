/** The module at work on its memory: all calls in order, or one for a profile. */
import { messageOf, RuntimeError } from './errors.ts';
import type { CompiledProgram } from './manifest.ts';
import type { WorkArguments } from './thread.ts';
import { callBytes } from './thread-words.ts';

/** Who executes calls on the memory. */
export interface Executor {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  /** A run is near: threads wake up meanwhile. */
  prepare?(): void;
  /** All calls, in order. Throws FORMAT where the code traps, STATE where a thread is lost. */
  run(): void | Promise<void>;
  /** One call, on one thread. */
  call(index: number): void;
  /** Resolves when nothing is left running. */
  dispose(): Promise<void>;
}

export interface Instance {
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
  /** For errors: the file of the module. */
  readonly where: string;
}

interface Exports {
  run(list: number, calls: number): void;
  call(kernel: number, header: number, from: number, to: number): void;
  /** In the modules for shared memory: see compile/threaded-run.ts. */
  begin?(list: number, end: number): void;
  work?(...args: readonly [...WorkArguments, sleep: bigint]): number;
}

/** Throws FORMAT for what is no module of a compiled model. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory, where: string): Instance {
  const broken = (cause: unknown): RuntimeError =>
    new RuntimeError('FORMAT', where, 'it is no module of a compiled model', 'Compile the model again', {
      cause,
    });
  let exports: WebAssembly.Exports;
  try {
    exports = new WebAssembly.Instance(module, { octavo: { memory } }).exports;
  } catch (cause) {
    throw broken(cause);
  }
  if (typeof exports.run !== 'function' || typeof exports.call !== 'function') throw broken(undefined);
  return { memory, exports: exports as unknown as Exports, where };
}

/** What a trap of the code is for the caller: files that fit each other but were never compiled like that. */
export function trapped(where: string, cause: unknown): RuntimeError {
  return new RuntimeError(
    'FORMAT',
    where,
    `the compiled code failed: ${messageOf(cause)}`,
    'Compile the model again: octavo compile',
    { cause },
  );
}

/** The list of calls in memory, four words each. */
export function callList(memory: WebAssembly.Memory, { list, calls }: CompiledProgram): Int32Array {
  return new Int32Array(memory.buffer, list, (callBytes / 4) * calls.length);
}

export function callOne({ memory, exports, where }: Instance, program: CompiledProgram, index: number): void {
  const [kernel, header, units] = callList(memory, program).subarray(4 * index);
  try {
    exports.call(kernel!, header!, 0, units!);
  } catch (cause) {
    throw trapped(where, cause);
  }
}

export function oneThread(instance: Instance, program: CompiledProgram): Executor {
  const { memory, exports, where } = instance;
  return {
    memory,
    threads: 1,
    run() {
      try {
        exports.run(program.list, program.calls.length);
      } catch (cause) {
        throw trapped(where, cause);
      }
    },
    call: (index) => callOne(instance, program, index),
    dispose: async () => {},
  };
}
