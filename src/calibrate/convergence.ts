/** Whether there was enough data: how far the ranges still moved when the last samples came. */
import type { Statistics } from './collect.ts';
import { defaultMethod } from './methods/index.ts';
import type { CalibrationMethod } from './methods/method.ts';
import type { Range } from './ranges.ts';

export interface Convergence {
  /** The ranges of `to` samples against those of the first `from`. */
  readonly from: number;
  readonly to: number;
  /** Id of the method whose ranges were looked at. */
  readonly method: string;
  /** Over the tensors: larger change of either end, as a share of the range. */
  readonly medianChange: number;
  readonly largestChange: number;
  readonly largestTensor: string;
  /** Share of the tensors that moved by more than `settledChange`. */
  readonly unsettled: number;
  readonly enough: boolean;
}

/** A range that moves by less costs less than a tenth of a decibel, wherever it lies. */
const settledChange = 0.05;
/** Of the tensors, this many may still move. */
const unsettledAllowed = 0.1;

/** Looks at the statistics while they grow: at half and three quarters of a known count, at powers of two of another. */
export class ConvergenceWatch {
  readonly #method: CalibrationMethod;
  readonly #total: number | undefined;
  #earlier: { readonly samples: number; readonly ranges: ReadonlyMap<string, Range> } | undefined;

  constructor(total: number | undefined, method: CalibrationMethod = defaultMethod) {
    this.#method = method;
    this.#total = total;
  }

  /** Call it behind each sample. */
  see(samples: number, statistics: Statistics): void {
    const due =
      this.#total === undefined
        ? (samples & (samples - 1)) === 0
        : samples === Math.ceil(this.#total / 2) || samples === Math.ceil((3 * this.#total) / 4);
    if (due) this.#earlier = { samples, ranges: this.#ranges(statistics) };
  }

  /** Undefined where too little was seen to compare. */
  result(samples: number, statistics: Statistics): Convergence | undefined {
    const earlier = this.#earlier;
    if (earlier === undefined || earlier.samples >= samples) return undefined;
    const now = this.#ranges(statistics);
    const changes = [...now]
      .map(([tensor, range]) => ({ tensor, change: changeOf(earlier.ranges.get(tensor), range) }))
      .sort((a, b) => a.change - b.change);
    const last = changes.at(-1);
    if (last === undefined) return undefined;
    const unsettled = changes.filter(({ change }) => change > settledChange).length / changes.length;
    return {
      from: earlier.samples,
      to: samples,
      method: this.#method.id,
      medianChange: changes[changes.length >> 1]!.change,
      largestChange: last.change,
      largestTensor: last.tensor,
      unsettled,
      enough: unsettled <= unsettledAllowed,
    };
  }

  #ranges(statistics: Statistics): ReadonlyMap<string, Range> {
    const ranges = new Map<string, Range>();
    for (const [tensor, statistic] of statistics)
      if (statistic.finite > 0)
        ranges.set(tensor, this.#method.range(statistic, { kind: 'asymmetric', levels: 256 }, tensor));
    return ranges;
  }
}

function changeOf(before: Range | undefined, now: Range): number {
  if (before === undefined) return 1;
  const moved = Math.max(Math.abs(now.lo - before.lo), Math.abs(now.hi - before.hi));
  return moved / (now.hi - now.lo);
}
