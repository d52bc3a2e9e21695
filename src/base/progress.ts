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

/** Counts steps from now and reports each. */
export function startProgress(
  phase: string,
  total: number | undefined,
  report: OnProgress | undefined,
): () => void {
  const startMs = performance.now();
  let done = 0;
  return () => {
    done++;
    if (report === undefined) return;
    const elapsedMs = performance.now() - startMs;
    const ratePerSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
    const known = total !== undefined && ratePerSecond > 0;
    report({
      phase,
      done,
      elapsedMs,
      ratePerSecond,
      ...(total === undefined ? {} : { total }),
      ...(known ? { etaMs: (Math.max(0, total - done) * 1000) / ratePerSecond } : {}),
    });
  };
}
