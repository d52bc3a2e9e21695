/** Times of a compiled model and its rivals, measured turn by turn, and where its own time goes; as plain data and as text. */
import type { Note } from '../base/errors.ts';
import { formatNote } from './format.ts';
import { table } from './table.ts';

/** In milliseconds. */
export interface Timing {
  readonly name: string;
  readonly min: number;
  readonly median: number;
  /** A tenth of the runs is below, a tenth above. */
  readonly p10: number;
  readonly p90: number;
  /** Median over the rounds of its time over that of the first row in the same round; above 1 is slower. */
  readonly ratio: number;
}

export interface ProfiledCall {
  readonly node: string;
  readonly op: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /** Of the time of all calls. */
  readonly share: number;
  /** Multiply-accumulates a second, and of what the machine's dot products reach; absent for what has none. */
  readonly macsPerSecond?: number;
  readonly ofLimit?: number;
}

export interface BenchReport {
  readonly octavo: string;
  readonly model: string;
  readonly runtime: string;
  readonly variant: string;
  readonly threads: number;
  readonly loadMilliseconds: number;
  readonly firstRunMilliseconds: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly timings: readonly Timing[];
  /** Multiply-accumulates a second. */
  readonly limit?: number;
  readonly profile?: readonly ProfiledCall[];
  readonly notes: readonly Note[];
}

export function benchReportJson(report: BenchReport): string {
  return JSON.stringify(report, null, 2);
}

const right = (title: string) => ({ title, align: 'right' as const });
const ms = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 10 ? 3 : 2);

export function benchReportText(report: BenchReport): string {
  const { model, runtime, variant, threads, timings, rounds, warmUp, profile, limit } = report;
  const lines = [
    `${model}: ${variant} SIMD, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${runtime}`,
    `loaded in ${ms(report.loadMilliseconds)} ms, first run ${ms(report.firstRunMilliseconds)} ms`,
    `${rounds} rounds in turn after ${warmUp} to warm up, in milliseconds`,
    table(
      [{ title: '' }, right('min'), right('median'), right('p10'), right('p90'), right('ratio')],
      timings.map((t) => [t.name, ms(t.min), ms(t.median), ms(t.p10), ms(t.p90), `${t.ratio.toFixed(2)}x`]),
    ),
  ];
  if (profile !== undefined && limit !== undefined) lines.push('', profileText(profile, limit));
  return [...lines, ...report.notes.map(formatNote)].join('\n');
}

function profileText(profile: readonly ProfiledCall[], limit: number): string {
  const total = profile.reduce((sum, call) => sum + call.milliseconds, 0);
  const calls = table(
    [
      { title: 'node' },
      { title: 'operator' },
      { title: 'kernel' },
      right('ms'),
      right('share'),
      right('GMAC/s'),
      right('of limit'),
    ],
    profile.map((c) => [
      c.node,
      c.op,
      c.kernel,
      c.milliseconds.toFixed(4),
      `${(100 * c.share).toFixed(1)} %`,
      c.macsPerSecond === undefined ? '' : (c.macsPerSecond / 1e9).toFixed(1),
      c.ofLimit === undefined ? '' : `${(100 * c.ofLimit).toFixed(0)} %`,
    ]),
  );
  return `${calls}\n${profile.length} calls in ${ms(total)} ms; dot products alone reach ${(limit / 1e9).toFixed(1)} GMAC/s here`;
}
