/**
 * What threads say to each other: words of shared memory below everything else, on lines of their own where many write, so that none
 * waits for another's. The modules of compile/ read and write them too.
 */

/** Addresses in bytes. */
export const threadWords = {
  /** Number of the call that is open; counted on from run to run, modulo 2^32. Between runs it is none of the run's. */
  call: 128,
  /** Number of the run's first call. */
  first: 132,
  /** Not 0: leave. */
  stop: 256,
  /** Threads that sleep until `call` changes. */
  sleepers: 260,
  /** Units of the open call that nobody has handed in yet. */
  left: 384,
} as const;

/**
 * A lane's word, of 8 bytes: the number of a call, and in the lower half how many of the lane's units have been taken of that call.
 * Lane l of n has the units from floor(l units / n) on.
 */
export const lanesAt = 512;
export const laneBytes = 64;
/** More threads than that share lanes. */
export const mostLanes = 8;

/** Below lies nothing else. */
export const firstFreeAddress = lanesAt + mostLanes * laneBytes;

export const stopped = { failed: 1, disposed: 2 } as const;

/** Of the memory, up to where other things begin. */
export function wordsOf(memory: WebAssembly.Memory): Int32Array {
  return new Int32Array(memory.buffer, 0, firstFreeAddress >> 2);
}

export function wordAt(name: keyof typeof threadWords): number {
  return threadWords[name] >> 2;
}

/** Wakes those who sleep. */
export function wake(words: Int32Array): void {
  Atomics.notify(words, wordAt('call'));
}

/** Makes every thread leave. The first reason holds. */
export function stop(words: Int32Array, why: number): void {
  Atomics.compareExchange(words, wordAt('stop'), 0, why);
  // Who is about to sleep finds it changed, and does not.
  Atomics.add(words, wordAt('call'), 1);
  wake(words);
}

/** What the module's `work` returns. */
export const worked = {
  /** Every call of the run is done. */
  all: 0,
  /** It waited in vain: look whether the others still live, and call it again. */
  waiting: 1,
  stopped: 2,
} as const;

/** Bytes of a call in the list: place of the kernel in the table, header, units, and its grain (see share-work.ts). */
export const callBytes = 16;
