/**
 * What threads say to each other: words of shared memory below everything else, each on lines of its own so that none waits for
 * another's. The modules of compile/ read and write them too.
 */

/** Addresses in bytes. */
export const threadWords = {
  /** The next piece of work that nobody has taken; counted on from run to run, modulo 2^32. */
  ticket: 128,
  /** Pieces that are done. */
  done: 256,
  /** The ticket behind the last of this run. */
  limit: 384,
  /** Not 0: leave. */
  stop: 512,
  /** Rung when a run begins or all is to stop: what idle threads wait on. */
  bell: 640,
  /** Threads that sleep until `done` changes. */
  sleepers: 768,
} as const;

/** Below lies nothing else. */
export const firstFreeAddress = 1024;

export const stopped = { failed: 1, disposed: 2 } as const;

/** Of the memory, up to where other things begin. */
export function wordsOf(memory: WebAssembly.Memory): Int32Array {
  return new Int32Array(memory.buffer, 0, firstFreeAddress >> 2);
}

export function wordAt(name: keyof typeof threadWords): number {
  return threadWords[name] >> 2;
}

/** Makes every thread leave, those that sleep as well. The first reason holds. */
export function stop(words: Int32Array, why: number): void {
  Atomics.compareExchange(words, wordAt('stop'), 0, why);
  Atomics.add(words, wordAt('bell'), 1);
  for (const name of ['bell', 'done'] as const) Atomics.notify(words, wordAt(name));
}

/** What the module's `work` returns. */
export const worked = {
  /** Every piece of the run is done. */
  all: 0,
  /** It waited in vain: look whether the others still live, and call it again. */
  waiting: 1,
  stopped: 2,
} as const;

/** Bytes of a call in the list: place of the kernel in the table, header, units, and pieces up to this call's last one. */
export const callBytes = 16;
