/** Progress of long work: what, how far, how fast, how long still. The core reports it; only the command prints it. */

export interface Progress {
  /** What is being done, for people: `calibrating`. */
  readonly phase: string;
  readonly done: number;
  /** Absent: not known. */
  readonly total?: number;
  readonly elapsedMs: number;
  readonly ratePerSecond: number;
  readonly etaMs?: number;
}

export type OnProgress = (progress: Progress) => void;

/**
 * Counts steps from now and reports each. Rate and ETA leave the first step out, which pays for warming up (sessions,
 * caches, sizes not known yet), as soon as there is a second one.
 */
export function startProgress(
  phase: string,
  total: number | undefined,
  report: OnProgress | undefined,
): () => void {
  const startMs = performance.now();
  let firstMs = startMs;
  let done = 0;
  return () => {
    done++;
    const nowMs = performance.now();
    if (done === 1) firstMs = nowMs;
    if (report === undefined) return;
    const [steps, sinceMs] = done === 1 ? [1, startMs] : [done - 1, firstMs];
    const ratePerSecond = nowMs > sinceMs ? (steps * 1000) / (nowMs - sinceMs) : 0;
    const known = total !== undefined && ratePerSecond > 0 && done > 1;
    report({
      phase,
      done,
      elapsedMs: nowMs - startMs,
      ratePerSecond,
      ...(total === undefined ? {} : { total }),
      ...(known ? { etaMs: (Math.max(0, total - done) * 1000) / ratePerSecond } : {}),
    });
  };
}
