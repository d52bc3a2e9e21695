/** The process that runs mutations: killed when one hangs, so that everything it knows is said at once, a line an event. */
import { writeFileSync, writeSync } from 'node:fs';
import type { Outcome } from './attempt.ts';
import { attempt } from './attempt.ts';
import type { Specimen } from './corpus.ts';
import { specimen } from './corpus.ts';
import { diceOf } from './dice.ts';
import { limits } from './limits.ts';
import { mutationOf } from './mutation.ts';

export interface Run {
  readonly seed: number;
  readonly what: string;
  readonly outcome: Outcome;
  /** The lesser of wall and processor time: neighbours on the machine slow one, the collector's threads add to the other. */
  readonly ms: number;
  /** Resident memory at its highest, less what there was before. Where peaks cannot be forgotten, 0 below the one so far. */
  readonly extraMb: number;
}

export type ChildEvent = { readonly starts: number } | { readonly ended: Run } | { readonly finished: true };

const say = (event: ChildEvent): void => {
  writeSync(1, `${JSON.stringify(event)}\n`);
};

const collect = (): void => (globalThis as { gc?: () => void }).gc?.();
const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20;
const peakMb = (): number => process.resourceUsage().maxRSS / 1024;

/** Linux does that for who asks; elsewhere the highest of all so far stays. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {}
}

export function runOne(model: Specimen, seed: number): Run {
  const { bytes, what, dice } = mutationOf(model, seed);
  forgetPeak();
  const before = residentMb();
  const peakBefore = peakMb();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const outcome = attempt(bytes, dice);
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const peak = peakMb();
  return {
    seed,
    what,
    outcome,
    ms: Math.min(wallMs, (user + system) / 1000),
    extraMb: peak > peakBefore ? peak - before : 0,
  };
}

/** The unchanged model, so that code is compiled and memory is at the level of sound files. */
function warmUp(model: Specimen): void {
  for (let i = 0; i < 2; i++) attempt(model.bytes, diceOf(i));
  collect();
}

export function runMany(name: string, first: number, count: number): void {
  const model = specimen(name);
  warmUp(model);
  const restMb = residentMb();
  for (let seed = first; seed < first + count; seed++) {
    if (residentMb() > restMb + limits.slackMb) collect();
    say({ starts: seed });
    const run = runOne(model, seed);
    say({ ended: run });
  }
  say({ finished: true });
}

/** A second look at a mutation that was slow or large, with nothing else in memory: the middle one of three. */
export function runAlone(name: string, seed: number): void {
  const model = specimen(name);
  warmUp(model);
  say({ starts: seed });
  const runs = [0, 1, 2].map(() => {
    collect();
    return runOne(model, seed);
  });
  say({
    ended: { ...runs[0]!, ms: middle(runs.map((r) => r.ms)), extraMb: middle(runs.map((r) => r.extraMb)) },
  });
  say({ finished: true });
}

const middle = (three: readonly number[]): number => [...three].sort((a, b) => a - b)[1]!;
