/** What a compiled model answered on a data set, as plain data and as text. */
import type { Note } from '../base/errors.ts';
import { formatNote, formatPercent } from './format.ts';

export interface RunReport {
  readonly octavo: string;
  readonly model: string;
  readonly variant: string;
  readonly threads: number;
  readonly samples: number;
  /** With labels: share of samples whose largest answer is their label. */
  readonly accuracy?: number;
  /** Of the network alone, in milliseconds. */
  readonly time: { readonly median: number; readonly min: number };
  /** JSON lines, one a sample. */
  readonly output?: string;
  readonly notes: readonly Note[];
}

export function runReportJson(report: RunReport): string {
  return JSON.stringify(report, null, 2);
}

export function runReportText(report: RunReport): string {
  const { model, variant, threads, samples, accuracy, time, output, notes } = report;
  const lines = [
    `${model}: ${variant} SIMD, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `samples   ${samples}`,
  ];
  if (accuracy !== undefined) lines.push(`accuracy  ${formatPercent(accuracy)}`);
  lines.push(`time      ${time.median.toFixed(3)} ms a sample (median), ${time.min.toFixed(3)} ms at best`);
  if (output !== undefined) lines.push(`answers   ${output}`);
  return [...lines, ...notes.map(formatNote)].join('\n');
}
