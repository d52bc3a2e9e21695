/**
 * A run on several threads: the one that calls and its helpers take units of calls from shared memory until all are done. None is
 * kept for a thread that sleeps: where nobody helps, the caller does it all.
 */
import type { VariantName } from './choose-module.ts';
import { RuntimeError } from './errors.ts';
import type { Executor, Instance } from './executor.ts';
import { callList, callOne, trapped } from './executor.ts';
import type { CompiledProgram } from './manifest.ts';
import { shareWork } from './share-work.ts';
import type { Thread } from './start-threads.ts';
import { startThread } from './start-threads.ts';
import type { WorkArguments } from './thread.ts';
import { callBytes, mostLanes, stop, stopped, wake, wordAt, wordsOf, worked } from './thread-words.ts';

/**
 * Looks so often for the next call, or the next run, before it sleeps: 0.1 ms on a fast machine, longer than most calls take and than it
 * takes to write an input. Much longer ones cost more than they save where other programs want the cores.
 */
const patience = 400_000;
/** Nanoseconds the caller sleeps before it asks whether the others live. */
const longSleep = 1_000_000_000n;
/** Milliseconds of no progress after which pages may go on meanwhile, and after which a thread counts as lost. */
const breathe = 50;
const giveUp = 60_000;

export interface ThreadOptions {
  readonly threads: number;
  readonly variant: VariantName;
  readonly threadUrl: string | URL | undefined;
}

/** Rejects with the reason where helpers cannot be started; then none is left. */
export async function severalThreads(
  module: WebAssembly.Module,
  instance: Instance,
  program: CompiledProgram,
  { threads, variant, threadUrl }: ThreadOptions,
): Promise<Executor> {
  const { memory } = instance;
  const hasShared = shareWork(callList(memory, program), program.calls, variant);
  const team = new Team(instance, program, { threads, hasShared });
  const started = await Promise.allSettled(
    Array.from({ length: threads - 1 }, (_, i) =>
      startThread({ module, memory, work: team.work(i + 1) }, threadUrl, (how, why) => team.lost(how, why)),
    ),
  );
  team.helpers = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  const failed = started.find((s) => s.status === 'rejected');
  if (failed === undefined) return team;
  await team.dispose();
  throw failed.reason;
}

class Team implements Executor {
  readonly memory: WebAssembly.Memory;
  helpers: readonly Thread[] = [];
  readonly #instance: Instance;
  readonly #program: CompiledProgram;
  readonly #lanes: number;
  readonly #hasShared: boolean;
  readonly #words: Int32Array;
  readonly #sleep = mayBlock() ? longSleep : 0n;
  #loss: RuntimeError | undefined;
  #hearLoss: (() => void) | undefined;

  constructor(
    instance: Instance,
    program: CompiledProgram,
    { threads, hasShared }: { readonly threads: number; readonly hasShared: boolean },
  ) {
    this.memory = instance.memory;
    this.#instance = instance;
    this.#program = program;
    this.#lanes = Math.min(threads, mostLanes);
    this.#hasShared = hasShared;
    this.#words = wordsOf(instance.memory);
    // None is open: the first run's calls are numbered from 0 on.
    Atomics.store(this.#words, wordAt('call'), -1);
  }

  get threads(): number {
    return 1 + this.helpers.length;
  }

  /** What a thread passes to the module's `work`, the caller being thread 0. */
  work(thread: number): WorkArguments {
    const { list, calls } = this.#program;
    return [list, list + callBytes * calls.length, this.#lanes, patience, thread % this.#lanes];
  }

  prepare(): void {
    if (this.#hasShared) wake(this.#words);
  }

  run(): void | Promise<void> {
    const [list, end] = this.work(0);
    this.#guarded(({ begin }) => begin!(list, end));
    const state = this.#help();
    return state === worked.all ? undefined : this.#wait(state);
  }

  call(index: number): void {
    callOne(this.#instance, this.#program, index);
  }

  async dispose(): Promise<void> {
    stop(this.#words, stopped.disposed);
    await Promise.all(this.helpers.map((helper) => helper.terminate()));
  }

  /** A helper cannot go on: nobody shall wait for it. */
  lost(how: 'trapped' | 'gone', why: string): void {
    const { where } = this.#instance;
    this.#loss ??= how === 'trapped' ? trapped(where, why) : lostThread(where, why);
    stop(this.#words, stopped.failed);
    this.#hearLoss?.();
  }

  #help(): number {
    return this.#guarded(({ work }) => work!(...this.work(0), this.#sleep));
  }

  #guarded<T>(act: (exports: Instance['exports']) => T): T {
    const { exports, where } = this.#instance;
    try {
      return act(exports);
    } catch (cause) {
      stop(this.#words, stopped.failed);
      throw trapped(where, cause);
    }
  }

  /** Goes on helping until all is done. Others of the page have their turn where nothing has moved for a while. */
  async #wait(first: number): Promise<void> {
    let seen = Atomics.load(this.#words, wordAt('left'));
    let since = performance.now();
    for (let state = first; state !== worked.all; state = this.#help()) {
      if (state === worked.stopped) throw await this.#failure();
      const left = Atomics.load(this.#words, wordAt('left'));
      const now = performance.now();
      if (left !== seen) [seen, since] = [left, now];
      if (now - since > giveUp) {
        stop(this.#words, stopped.failed);
        throw lostThread(this.#instance.where, 'it does not answer');
      }
      if (now - since > breathe) await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async #failure(): Promise<RuntimeError> {
    const { where } = this.#instance;
    if (Atomics.load(this.#words, wordAt('stop')) === stopped.disposed)
      return new RuntimeError('STATE', where, 'the model was disposed of during a run', 'Load it again');
    // The reason comes as a message, a moment later.
    if (this.#loss === undefined)
      await new Promise<void>((resolve) => {
        this.#hearLoss = resolve;
        setTimeout(resolve, 1000);
      });
    return this.#loss ?? lostThread(where, 'it says nothing');
  }
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
