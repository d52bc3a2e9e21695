/**
 * A run on several threads: the one that calls and its helpers take pieces of calls from shared memory until all are done. No
 * piece waits for a thread that sleeps: where nobody helps, the caller does it all.
 */
import { RuntimeError } from './errors.ts';
import type { Executor, Instance } from './executor.ts';
import { callList, callOne, trapped } from './executor.ts';
import type { CompiledProgram } from './manifest.ts';
import { shareWork } from './share-work.ts';
import type { Thread } from './start-threads.ts';
import { startThread } from './start-threads.ts';
import { callBytes, stopped, threadWords, worked } from './thread-words.ts';

/** Looks at the others' progress so often before it sleeps, or where that is forbidden, asks whether they live. */
const patience = 20_000;
/** Milliseconds of no progress after which pages may go on meanwhile, and after which a thread counts as lost. */
const breathe = 50;
const giveUp = 60_000;

export interface ThreadOptions {
  readonly threads: number;
  readonly threadUrl: string | URL | undefined;
}

/** Rejects with the reason where helpers cannot be started; then none is left. */
export async function severalThreads(
  module: WebAssembly.Module,
  instance: Instance,
  program: CompiledProgram,
  { threads, threadUrl }: ThreadOptions,
): Promise<Executor> {
  const { memory, exports, where } = instance;
  const words = new Int32Array(memory.buffer, 0, 256);
  const word = (name: keyof typeof threadWords): number => threadWords[name] >> 2;
  const { list, calls } = program;
  const pieces = shareWork(callList(memory, program), calls, threads);
  const args = [list, list + callBytes * calls.length, pieces, patience] as const;
  const lossesHeard: ((reason: string) => void)[] = [];
  let loss: string | undefined;
  const stop = (why: number): void => {
    Atomics.compareExchange(words, word('stop'), 0, why);
    Atomics.add(words, word('bell'), 1);
    for (const name of ['bell', 'done'] as const) Atomics.notify(words, word(name));
  };
  const lost = (reason: string): void => {
    loss ??= reason;
    if (Atomics.load(words, word('stop')) === 0) stop(stopped.failed);
    for (const hear of lossesHeard) hear(loss);
  };
  const job = { module, memory, work: args };
  const started = await Promise.allSettled(
    Array.from({ length: threads - 1 }, () => startThread(job, threadUrl, { lost })),
  );
  const helpers: Thread[] = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  const dispose = async (): Promise<void> => {
    stop(stopped.disposed);
    await Promise.all(helpers.map((helper) => helper.terminate()));
  };
  const failed = started.find((s) => s.status === 'rejected');
  if (failed !== undefined) {
    await dispose();
    throw failed.reason;
  }
  const mayWait = mayBlock() ? 1 : 0;
  const work = (): number => {
    try {
      return exports.work!(...args, mayWait);
    } catch (cause) {
      stop(stopped.failed);
      throw trapped(where, cause);
    }
  };
  const wait = async (): Promise<void> => {
    let seen = Atomics.load(words, word('done'));
    let since = performance.now();
    for (let state: number = worked.waiting; state !== worked.all; state = work()) {
      if (state === worked.stopped) throw await failure();
      const done = Atomics.load(words, word('done'));
      const now = performance.now();
      if (done !== seen) [seen, since] = [done, now];
      if (now - since > giveUp) {
        stop(stopped.failed);
        throw lostThread(where, 'it does not answer');
      }
      if (now - since > breathe) await new Promise((resolve) => setTimeout(resolve));
    }
  };
  const failure = async (): Promise<RuntimeError> => {
    if (Atomics.load(words, word('stop')) === stopped.disposed)
      return new RuntimeError('STATE', where, 'the model was disposed of during a run', 'Load it again');
    // The reason comes as a message, a moment later.
    const reason = await new Promise<string>((resolve) => {
      lossesHeard.push(resolve);
      if (loss !== undefined) resolve(loss);
      else setTimeout(() => resolve('it says nothing'), 1000);
    });
    return lostThread(where, reason);
  };
  return {
    memory,
    threads,
    run() {
      Atomics.add(words, word('limit'), pieces);
      Atomics.add(words, word('bell'), 1);
      Atomics.notify(words, word('bell'));
      return work() === worked.all ? undefined : wait();
    },
    call: (index) => callOne(instance, program, index),
    dispose,
  };
}

function lostThread(where: string, reason: string): RuntimeError {
  return new RuntimeError(
    'STATE',
    where,
    `a thread of it failed: ${reason}`,
    'Load the model again; with one thread if it fails again',
  );
}

/** A page's own thread may not; workers and Node may. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
