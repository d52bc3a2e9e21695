/**
 * What a machine gives to several threads: how much networks of one thread each do, that share nothing, at the same time, which is less
 * than their number where cores share a clock or are one; and how long a word takes from one thread to another and back, which says
 * whether they share a cache. Virtual machines change both without a word.
 */
import { Worker } from 'node:worker_threads';
import type { CompiledNetwork, Feeds } from '../../src/runtime/index.ts';

/** Words they share: 1 while the others shall run, their runs, how many stand still. */
const [going, runs, idle] = [0, 1, 2];
/** Runs of the caller's own network in one measurement. */
const ownRuns = 8;

const script = `
const { parentPort, workerData } = require('node:worker_threads');
(async () => {
  const { runtimeUrl, files, variant, feeds, buffer } = workerData;
  const { load } = await import(runtimeUrl);
  const network = await load(files, { variant });
  const words = new Int32Array(buffer);
  parentPort.postMessage('ready');
  for (;;) {
    Atomics.add(words, ${idle}, 1);
    Atomics.notify(words, ${idle});
    Atomics.wait(words, ${going}, 0);
    Atomics.sub(words, ${idle}, 1);
    while (Atomics.load(words, ${going}) === 1) {
      await network.run(feeds);
      Atomics.add(words, ${runs}, 1);
    }
  }
})();`;

export interface SideBySide {
  /** Milliseconds of a run while all run, divided by their number. */
  time(): Promise<number>;
}

/** `own` and one more on each of `others` threads, loaded from the files by the runtime at that URL. */
export async function sideBySide(
  own: CompiledNetwork,
  files: ReadonlyMap<string, Uint8Array>,
  {
    others,
    feeds,
    runtimeUrl,
  }: { readonly others: number; readonly feeds: Feeds; readonly runtimeUrl: string },
): Promise<SideBySide> {
  const buffer = new SharedArrayBuffer(12);
  const words = new Int32Array(buffer);
  const workerData = { runtimeUrl, files, variant: own.variant, feeds, buffer };
  for (let i = 0; i < others; i++) {
    const worker = new Worker(script, { eval: true, execArgv: [], workerData });
    worker.unref();
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }
  return {
    async time() {
      Atomics.store(words, going, 1);
      Atomics.notify(words, going);
      await own.run(feeds);
      const before = Atomics.load(words, runs);
      const start = performance.now();
      for (let i = 0; i < ownRuns; i++) await own.run(feeds);
      const milliseconds = performance.now() - start;
      const theirs = Atomics.load(words, runs) - before;
      Atomics.store(words, going, 0);
      for (let still = 0; still < others; still = Atomics.load(words, idle)) Atomics.wait(words, idle, still);
      return milliseconds / (ownRuns + theirs);
    },
  };
}

/** Words on lines of their own: the ball, and 1 while there are trips to make. */
const [ball, playing] = [0, 32];
const trips = 500;

const otherPlayer = `
const words = new Int32Array(require('node:worker_threads').workerData);
for (;;) {
  Atomics.wait(words, ${playing}, 0);
  for (let i = 1; i < ${2 * trips}; i += 2) {
    while (Atomics.load(words, ${ball}) !== i);
    Atomics.store(words, ${ball}, i + 1);
  }
  Atomics.store(words, ${playing}, 0);
}`;

/** Measures the nanoseconds of a word's way to another thread and back. */
export function roundTrip(): () => number {
  const buffer = new SharedArrayBuffer(256);
  const words = new Int32Array(buffer);
  new Worker(otherPlayer, { eval: true, execArgv: [], workerData: buffer }).unref();
  return () => {
    while (Atomics.load(words, playing) === 1);
    Atomics.store(words, ball, 0);
    Atomics.store(words, playing, 1);
    Atomics.notify(words, playing);
    const strike = (i: number): void => {
      Atomics.store(words, ball, i);
      while (Atomics.load(words, ball) === i);
    };
    // The first one waits until the other is awake.
    strike(1);
    const start = performance.now();
    for (let i = 3; i < 2 * trips; i += 2) strike(i);
    return ((performance.now() - start) / (trips - 1)) * 1e6;
  };
}
