/** Starts threads, which are workers of the platform: Web Workers in a browser, worker_threads in Node. */
import { messageOf } from './errors.ts';
import { builtin } from './platform.ts';
import type { ThreadJob } from './thread.ts';

export interface Thread {
  /** Ends it at once, if it has not ended by itself. */
  terminate(): Promise<void>;
}

/** `trapped`: the compiled code failed in it; `gone`: it is not there any more. */
export type Lost = (how: 'trapped' | 'gone', why: string) => void;

/** Resolves when it is ready for work. Rejects where it cannot be started. */
export async function startThread(
  job: ThreadJob,
  url: string | URL | undefined,
  lost: Lost,
): Promise<Thread> {
  const node = builtin('node:worker_threads');
  let started: () => void = () => {};
  let notStarted: (error: Error) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    started = resolve;
    notStarted = reject;
  });
  const end: Lost = (how, why) => {
    notStarted(new Error(why));
    lost(how, why);
  };
  const hear = (data: unknown): void => {
    if (data === 'ready') started();
    else end('trapped', String(data));
  };
  if (node !== undefined) {
    const place = url === undefined ? new URL('./runtime-thread.js', import.meta.url) : new URL(url);
    // Whatever loaders and flags the program has, it needs none.
    const worker = new node.Worker(place, { execArgv: [] });
    worker.on('message', hear);
    worker.on('error', (error) => end('gone', messageOf(error)));
    worker.on('exit', () => end('gone', 'it has ended'));
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
  worker.addEventListener('error', ({ message }) => end('gone', message ?? 'its script cannot be loaded'));
  worker.postMessage(job);
  await ready;
  return { terminate: async () => worker.terminate() };
}
