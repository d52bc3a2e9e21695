/**
 * What a thread runs, a script of its own (dist/runtime-thread.js): the same module on the same memory, its part of every run until
 * the model is disposed of. It sleeps between runs.
 */
import { messageOf } from './errors.ts';
import { stop, stopped, wordsOf, worked } from './thread-words.ts';

export interface ThreadJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Arguments of the module's `work` but the last. */
  readonly work: WorkArguments;
}

export type WorkArguments = readonly [
  list: number,
  end: number,
  lanes: number,
  patience: number,
  lane: number,
];

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

/** Sleeps until it is woken. */
const forEver = -1n;

function serve(port: Port, { module, memory, work }: ThreadJob): void {
  try {
    const { exports } = new WebAssembly.Instance(module, { octavo: { memory } });
    const run = exports.work as (...args: (number | bigint)[]) => number;
    port.postMessage('ready');
    while (run(...work, forEver) !== worked.stopped);
  } catch (error) {
    stop(wordsOf(memory), stopped.failed);
    port.postMessage(messageOf(error));
  }
  port.close();
}

const { process } = globalThis as unknown as {
  process?: { getBuiltinModule?(id: string): { readonly parentPort: Port | null } };
};
const port = process?.getBuiltinModule?.('node:worker_threads').parentPort ?? (globalThis as unknown as Port);
port.addEventListener('message', ({ data }) => serve(port, data), { once: true });
