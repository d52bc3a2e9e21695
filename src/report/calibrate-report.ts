/** What `calibrate` and `merge` measured, as plain data and as text. */
import type { Note } from '../base/errors.ts';
import type { Convergence } from '../calibrate/convergence.ts';
import { formatNote, formatPercent, printable } from './format.ts';

export interface CalibrateReport {
  readonly octavo: string;
  readonly engine: string;
  readonly input: string;
  readonly output: string;
  readonly samples: number;
  readonly tensors: number;
  /** SHA-256 over the samples in the table. */
  readonly fingerprint: string;
  /** Zero-based; absent for a whole table. */
  readonly shards?: { readonly present: readonly number[]; readonly of: number };
  /** Samples that an earlier run had measured. */
  readonly resumed?: number;
  readonly convergence?: Convergence;
  readonly notes: readonly Note[];
}

export function calibrateReportJson(report: CalibrateReport): string {
  return JSON.stringify(report, null, 2);
}

export function calibrateReportText(report: CalibrateReport): string {
  const { input, output, samples, tensors, shards, resumed, convergence, notes } = report;
  const lines = [
    `${input} -> ${output}`,
    `${samples} ${samples === 1 ? 'sample' : 'samples'}, ${tensors} tensors, data ${report.fingerprint.slice(0, 12)}, measured with ${report.engine}`,
  ];
  if (resumed !== undefined)
    lines.push(`went on behind ${resumed} ${resumed === 1 ? 'sample' : 'samples'} of an earlier run`);
  if (shards !== undefined)
    lines.push(
      `${shards.present.length === 1 ? 'shard' : 'shards'} ${shards.present.join(', ')} of ${shards.of}: octavo merge joins it with the others`,
    );
  if (convergence !== undefined) lines.push(printable(convergenceText(convergence)));
  lines.push(...notes.map(formatNote));
  return lines.join('\n');
}

function convergenceText(c: Convergence): string {
  const moved = `from sample ${c.from} to ${c.to} the ranges of ${c.method} moved by ${formatPercent(c.medianChange)} in the median, ${formatPercent(c.largestChange)} at most ('${c.largestTensor}')`;
  return c.enough
    ? `Enough data: ${moved}.`
    : `Not enough data: ${moved}, and ${formatPercent(c.unsettled, 0)} of the tensors by more than 5 %. Give more samples.`;
}
