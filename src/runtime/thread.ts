/**
 * What a thread runs, a script of its own (dist/runtime-thread.js): the same module on the same memory, pieces of calls until
 * the model is disposed of. It sleeps between runs.
 */
import { stopped, threadWords, worked } from './thread-words.ts';

export interface ThreadJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Arguments of the module's `work` but the last. */
  readonly work: readonly [list: number, end: number, pieces: number, patience: number];
}

interface Port {
  addEventListener(
    type: 'message',
    listener: (event: { readonly data: ThreadJob }) => void,
    options: { readonly once: true },
  ): void;
  postMessage(message: unknown): void;
  close(): void;
}

/** Looks at the bell so often before it goes to sleep: the next run may be near. */
const looks = 4000;

function serve(port: Port, { module, memory, work }: ThreadJob): void {
  const words = new Int32Array(memory.buffer, 0, 256);
  const bell = threadWords.bell >> 2;
  try {
    const { exports } = new WebAssembly.Instance(module, { octavo: { memory } });
    const run = exports.work as (...args: number[]) => number;
    port.postMessage('ready');
    for (;;) {
      const rung = Atomics.load(words, bell);
      const state = run(...work, 1);
      if (state === worked.stopped) break;
      if (state === worked.waiting) continue;
      let left = looks;
      while (left > 0 && Atomics.load(words, bell) === rung) left--;
      if (left === 0) Atomics.wait(words, bell, rung);
    }
  } catch (error) {
    Atomics.compareExchange(words, threadWords.stop >> 2, 0, stopped.failed);
    for (const word of [threadWords.done, threadWords.bell]) Atomics.notify(words, word >> 2);
    port.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
  port.close();
}

const { process } = globalThis as unknown as {
  process?: { getBuiltinModule?(id: string): { readonly parentPort: Port | null } };
};
const port = process?.getBuiltinModule?.('node:worker_threads').parentPort ?? (globalThis as unknown as Port);
port.addEventListener('message', ({ data }) => serve(port, data), { once: true });
