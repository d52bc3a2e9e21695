/**
 * What a thread runs, a script of its own (dist/runtime-thread.js): the same module on the same memory, pieces of calls until
 * the model is disposed of. It sleeps between runs.
 */
import { messageOf } from './errors.ts';
import { stop, stopped, wordAt, wordsOf, worked } from './thread-words.ts';

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
  /** 'ready', or why it cannot go on. */
  postMessage(message: string): void;
  close(): void;
}

/** Looks at the bell so often before it goes to sleep: the next run may be near. */
const looks = 4000;

function serve(port: Port, { module, memory, work }: ThreadJob): void {
  const words = wordsOf(memory);
  const bell = wordAt('bell');
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
    stop(words, stopped.failed);
    port.postMessage(messageOf(error));
  }
  port.close();
}

const { process } = globalThis as unknown as {
  process?: { getBuiltinModule?(id: string): { readonly parentPort: Port | null } };
};
const port = process?.getBuiltinModule?.('node:worker_threads').parentPort ?? (globalThis as unknown as Port);
port.addEventListener('message', ({ data }) => serve(port, data), { once: true });
