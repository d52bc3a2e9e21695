/** What became of a model's mutations: counted, and printed for who repairs what they found. */
import { table } from '../../src/report/table.ts';
import type { Run } from './child.ts';

export interface Fault {
  readonly seed: number;
  readonly what: string;
  readonly problem: string;
  readonly stack?: string;
}

export interface Tally {
  readonly model: string;
  readonly faults: Fault[];
  readonly refusedAt: Map<string, number>;
  /** Mutations that were run, however they ended. */
  ran: number;
  survived: number;
  slowest: { ms: number; seed: number };
  largest: { extraMb: number; seed: number };
}

export function newTally(model: string): Tally {
  return {
    model,
    faults: [],
    refusedAt: new Map(),
    ran: 0,
    survived: 0,
    slowest: { ms: 0, seed: 0 },
    largest: { extraMb: 0, seed: 0 },
  };
}

export function record(tally: Tally, { seed, what, outcome }: Run): void {
  tally.ran++;
  if (outcome.kind === 'survived') tally.survived++;
  else if (outcome.kind === 'refused')
    tally.refusedAt.set(outcome.stage, (tally.refusedAt.get(outcome.stage) ?? 0) + 1);
  else
    tally.faults.push({ seed, what, problem: `${outcome.stage}: ${outcome.message}`, stack: outcome.stack });
}

export function note(tally: Tally, { seed, ms, extraMb }: Pick<Run, 'seed' | 'ms' | 'extraMb'>): void {
  if (ms > tally.slowest.ms) tally.slowest = { ms, seed };
  if (extraMb > tally.largest.extraMb) tally.largest = { extraMb, seed };
}

export function printTable(tallies: readonly Tally[]): void {
  const titles = [
    'model',
    'mutations',
    'refused: read',
    'prepare',
    'quantize',
    'survived',
    'faults',
    'slowest',
    'most memory',
  ];
  const columns = titles.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' }) as const);
  const rows = tallies.map(({ model, ran, refusedAt, survived, faults, slowest, largest }) => {
    const [read = 0, quantize = 0] = ['read', 'quantize'].map((stage) => refusedAt.get(stage));
    const all = [...refusedAt.values()].reduce((a, b) => a + b, 0);
    return [
      model,
      ...[ran, read, all - read - quantize, quantize, survived, faults.length].map(String),
      `${Math.round(slowest.ms)} ms (${slowest.seed})`,
      `${Math.round(largest.extraMb)} MB (${largest.seed})`,
    ];
  });
  console.log(`\n${table(columns, rows)}`);
}

/** One example of each kind of fault, and how many there are of it. */
export function printFaults({ model, faults }: Tally): void {
  const kinds = new Map<string, Fault[]>();
  for (const fault of faults) {
    const place = fault.stack?.split('\n').find((l) => l.trim().startsWith('at ')) ?? '';
    const kind = `${fault.problem.replace(/'[^']*'|\d+/g, '*').slice(0, 80)}${place.trim()}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault]);
  }
  for (const [first, ...more] of kinds.values()) {
    const { seed, what, problem, stack } = first!;
    const others = more.length === 0 ? '' : ` (and ${more.length} more alike, such as ${more[0]!.seed})`;
    console.log(`  --replay ${model}:${seed}${others}\n    ${what}\n    ${problem.slice(0, 300)}`);
    const frames = (stack ?? '').split('\n').filter((l) => l.trim().startsWith('at '));
    for (const frame of frames.slice(0, 3)) console.log(`    ${frame.trim()}`);
  }
}
