/** Of candidates with a measured error the one to take, and why: the pure part of method `auto`. */
import { ln } from '../../base/log.ts';

export interface MethodScore {
  readonly method: string;
  /** Signal over error at what reads the value, held-out samples; at most 100. The mean of the next two. */
  readonly decibels: number;
  /** Of all samples together: the loud ones decide. */
  readonly togetherDb: number;
  /** The mean of each sample's own: the loud ones are few. */
  readonly eachDb: number;
}

export interface Picked {
  readonly method: string;
  readonly why: string;
}

/** Within so many dB the earlier candidate is taken, so that chance does not choose. */
const within = 0.1;

/** Earlier candidates are preferred among those that are within 0.1 dB of the best. */
export function pick(candidates: readonly Pick<MethodScore, 'method' | 'decibels'>[]): Picked {
  const most = Math.max(...candidates.map((c) => c.decibels));
  const taken = candidates.find((c) => c.decibels >= most - within)!;
  const worst = candidates.reduce((w, c) => (c.decibels < w.decibels ? c : w));
  const figure = `${dB(taken.decibels)} behind it`;
  const { method } = taken;
  if (worst.decibels >= taken.decibels - within) return { method, why: `${figure}, as with every other` };
  return { method, why: `${figure}; ${worst.method}: ${dB(worst.decibels)}` };
}

/** 10 log10(signal / noise) of two energies, at most 100: nothing to tell above it. A silent signal cannot weigh errors: 100. */
export function decibelsOf(noise: number, signal: number): number {
  if (!(signal > 0) || noise <= 1e-10 * signal) return 100;
  return (10 * ln(signal / noise)) / ln(10);
}

export function dB(decibels: number): string {
  return `${decibels.toFixed(1)} dB`;
}
