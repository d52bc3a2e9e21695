/** Starts threads, which are workers of the platform: Web Workers in a browser, worker_threads in Node. */
import { messageOf } from './errors.ts';
import { builtin } from './platform.ts';
import type { ThreadJob } from './thread.ts';

export interface Thread {
  /** Ends it at once, if it has not ended by itself. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  /** What it has to say once it cannot go on. */
  lost(message: string): void;
}

/** Resolves when it is ready for work. Rejects where it cannot be started. */
export async function startThread(
  job: ThreadJob,
  url: string | URL | undefined,
  { lost }: ThreadEvents,
): Promise<Thread> {
  const node = builtin('node:worker_threads');
  let end: (message: string) => void = lost;
  let started: () => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    started = resolve;
    end = (message) => {
      reject(new Error(message));
      lost(message);
    };
  });
  const hear = (data: unknown): void => {
    if (data === 'ready') started();
    else end(messageOf((data as { failed?: unknown } | null)?.failed ?? data));
  };
  if (node !== undefined) {
    const place = url === undefined ? new URL('./runtime-thread.js', import.meta.url) : new URL(url);
    // Whatever loaders and flags the program has, it needs none.
    const worker = new node.Worker(place, { execArgv: [] });
    worker.on('message', hear);
    worker.on('error', (error) => end(messageOf(error)));
    worker.on('exit', () => end('it has ended'));
    worker.postMessage(job);
    await ready;
    // A program that has nothing else to do ends, whether or not its models are disposed of.
    worker.unref();
    return { terminate: async () => void (await worker.terminate()) };
  }
  // In these words bundlers recognise a worker.
  const worker =
    url === undefined
      ? new Worker(new URL('./runtime-thread.js', import.meta.url), { type: 'module' })
      : new Worker(url, { type: 'module' });
  worker.addEventListener('message', ({ data }) => hear(data));
  worker.addEventListener('error', ({ message }) => end(message ?? 'its script cannot be loaded'));
  worker.postMessage(job);
  await ready;
  return { terminate: async () => worker.terminate() };
}
