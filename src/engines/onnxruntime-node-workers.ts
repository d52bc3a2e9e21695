/**
 * onnxruntime-node in threads of its own. Its runs block the thread that calls them, asynchronous as they look; so whoever
 * has work to do meanwhile asks for workers.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import type { OrtMetadata, OrtSession, OrtTensor } from './ort-session.ts';

/** As structured clones carry it. */
interface Carried {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

type Call =
  | { readonly do: 'load'; readonly model: Uint8Array | string; readonly options: object }
  | {
      readonly do: 'run';
      readonly feeds: Readonly<Record<string, Carried>>;
      readonly fetches: readonly string[] | undefined;
    }
  | { readonly do: 'release' };

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Metadata {
  readonly inputMetadata: readonly OrtMetadata[];
  readonly outputMetadata: readonly OrtMetadata[];
}

/** What a session in workers feeds: nothing of onnxruntime's need exist on this side. */
export class CarriedTensor implements OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];

  constructor(type: string, data: Float32Array, dims: readonly number[] = [data.length]) {
    this.type = type;
    // A clone carries all of the buffer that a view is of.
    this.data = data.byteLength === data.buffer.byteLength ? data : data.slice();
    this.dims = dims;
  }
}

/**
 * The code of a worker, given to it as text, so that no bundler has to know of a second entry: it sees its argument and
 * nothing else of this module.
 */
function serve(load: NodeJS.Require): void {
  const { parentPort, workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const ort = load(workerData as string) as typeof import('onnxruntime-node');
  let session: InferenceSession;
  const answer = async (call: Call): Promise<readonly [value: unknown, transfer: ArrayBuffer[]]> => {
    if (call.do === 'load') {
      session = await ort.InferenceSession.create(call.model as string, call.options);
      return [{ inputMetadata: session.inputMetadata, outputMetadata: session.outputMetadata }, []];
    }
    if (call.do === 'release') {
      await session?.release();
      return [undefined, []];
    }
    const feeds: Record<string, import('onnxruntime-node').Tensor> = {};
    for (const [name, { type, data, dims }] of Object.entries(call.feeds))
      feeds[name] = new ort.Tensor(type as 'float32', data as Float32Array, dims);
    const results = await (call.fetches === undefined
      ? session.run(feeds)
      : session.run(feeds, call.fetches));
    const value: Record<string, Carried> = {};
    const buffers = new Set<ArrayBuffer>();
    for (const [name, { type, data, dims }] of Object.entries(results)) {
      value[name] = { type, data, dims };
      if (ArrayBuffer.isView(data)) buffers.add(data.buffer as ArrayBuffer);
    }
    return [value, [...buffers]];
  };
  parentPort!.on('message', async ({ id, call }: { id: number; call: Call }) => {
    try {
      const [value, transfer] = await answer(call);
      parentPort!.postMessage({ id, value } satisfies Reply, transfer);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      parentPort!.postMessage({ id, error: text } satisfies Reply);
    }
    if (call.do === 'release') parentPort!.close();
  });
}

/** Sessions of one model in `count` threads behind the face of one. Throws what onnxruntime throws. */
export async function sessionInWorkers(
  model: Uint8Array | string,
  options: InferenceSession.SessionOptions,
  count: number,
): Promise<OrtSession> {
  const threads = Array.from({ length: count }, startThread);
  try {
    const loaded = await Promise.all(threads.map((t) => t.ask({ do: 'load', model, options })));
    const { inputMetadata, outputMetadata } = loaded[0] as Metadata;
    return {
      inputMetadata,
      outputMetadata,
      run(feeds: Readonly<Record<string, OrtTensor>>, fetches?: readonly string[]) {
        const freest = threads.reduce((a, b) => (b.waiting() < a.waiting() ? b : a));
        return freest.ask({ do: 'run', feeds, fetches }) as Promise<Record<string, OrtTensor>>;
      },
      release: () => releaseAll(threads),
    };
  } catch (error) {
    await releaseAll(threads);
    throw error;
  }
}

interface Thread {
  ask(call: Call): Promise<unknown>;
  /** Calls that are not answered yet. */
  waiting(): number;
  readonly ended: Promise<unknown>;
}

async function releaseAll(threads: readonly Thread[]): Promise<void> {
  await Promise.allSettled(threads.map((t) => t.ask({ do: 'release' })));
  await Promise.all(threads.map((t) => t.ended));
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function startThread(): Thread {
  const package_ = createRequire(import.meta.url).resolve('onnxruntime-node');
  const worker = new Worker(`(${serve})(require)`, { eval: true, workerData: package_ });
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on('message', ({ id, value, error }: Reply) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  });
  worker.on('error', fail);
  const ended = new Promise<void>((resolve) =>
    worker.on('exit', (code) => {
      fail(new Error(`its thread has ended (${code})`));
      resolve();
    }),
  );
  return {
    ended,
    waiting: () => waiting.size,
    ask: (call) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = calls++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, call });
      }),
  };
}
