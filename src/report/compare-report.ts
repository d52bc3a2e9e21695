/** What `compare` measured, as plain data and as text. */
import type { AnyComparison } from '../analyse/compare-any.ts';
import type { GateResult } from '../analyse/gate.ts';
import type { ComparedLayer } from '../analyse/layer-errors.ts';
import type { Note } from '../base/errors.ts';
import { formatBytes, formatDb, formatNote, formatPercent, printable } from './format.ts';
import { table } from './table.ts';

export interface CompareReport extends AnyComparison {
  readonly octavo: string;
  readonly engine: string;
  readonly reference: string;
  readonly other: string;
  readonly bytes: { readonly reference: number; readonly other: number };
  readonly threads: number;
  /** Samples the layers were compared on. */
  readonly layerSamples: number;
  /** Absent: no limit was asked for. */
  readonly gate?: GateResult;
  readonly notes: readonly Note[];
}

/** JSON with Infinity (equal outputs) as null. */
export function compareReportJson(report: CompareReport): string {
  return JSON.stringify(report, null, 2);
}

export interface CompareTextOptions {
  /** Lists every layer; otherwise the worst. */
  readonly layers?: boolean;
}

const worstShown = 5;

export function compareReportText(report: CompareReport, options: CompareTextOptions = {}): string {
  const { gate } = report;
  const parts = [`${report.reference} -> ${report.other}`, summaryTable(report)];
  if (report.layers.length > 0) parts.push('', layersText(report, options.layers === true));
  parts.push(...unmatchedLines(report));
  parts.push(...report.notes.map(formatNote));
  if (gate !== undefined)
    parts.push('', printable(`${gate.passed ? 'WITHIN LIMITS' : 'MISSED'}: ${gate.findings.join('; ')}.`));
  return parts.join('\n');
}

function summaryTable(report: CompareReport): string {
  const { accuracy, agreement, outputs, samples, bytes, time, threads } = report;
  const rows: [string, string][] = [
    [
      'size',
      `${formatBytes(bytes.reference)} -> ${formatBytes(bytes.other)} (${formatPercent(bytes.other / bytes.reference, 1)})`,
    ],
  ];
  if (accuracy !== undefined) {
    const { reference, other, labelled, onlyReference, onlyOther, pValue } = accuracy;
    rows.push([
      'accuracy',
      `${formatPercent(reference)} -> ${formatPercent(other)} (${(100 * (other - reference)).toFixed(2)} points, ${labelled} samples; right on one side only: ${onlyReference} -> ${onlyOther}, McNemar p = ${pValue.toFixed(2)})`,
    ]);
  }
  if (agreement !== undefined)
    rows.push(['top-1 agreement', `${formatPercent(agreement)} of ${samples} samples`]);
  for (const output of outputs)
    rows.push([
      `output ${output.name}`,
      `SQNR ${formatDb(output.sqnrDb)}, largest error ${output.maxAbsError.toPrecision(3)}, cosine ${output.cosine.toFixed(5)} (${samples} samples)`,
    ]);
  rows.push([
    'time a sample',
    `${time.referenceMs.toFixed(2)} ms -> ${time.otherMs.toFixed(2)} ms (${(time.referenceMs / time.otherMs).toFixed(2)} times as fast, ${threads === 1 ? 'one thread' : `${threads} threads`}, run in turn)`,
  ]);
  const [first, ...rest] = rows;
  return table(
    first!.map((title) => ({ title })),
    rest,
  );
}

function layersText(report: CompareReport, all: boolean): string {
  const { layers } = report;
  const shown = all
    ? layers
    : [...layers].sort((a, b) => a.local.sqnrDb - b.local.sqnrDb).slice(0, worstShown);
  const byName = layers.filter((l) => l.by === 'name').length;
  const matched = [
    ...(byName > 0 ? [`${byName} by name`] : []),
    ...(byName < layers.length ? [`${layers.length - byName} by structure`] : []),
  ].join(', ');
  const title = all ? 'layer' : `layers that add most error (of ${layers.length})`;
  return [
    `${layers.length} layers matched (${matched}), compared on ${report.layerSamples} samples:`,
    'local is the error a layer adds to exact inputs, accumulated what has gathered up to it',
    table(
      [
        { title },
        { title: 'operator' },
        { title: 'local SQNR', align: 'right' },
        { title: 'accumulated', align: 'right' },
        { title: 'largest error', align: 'right' },
        { title: 'cosine', align: 'right' },
      ],
      shown.map(layerRow),
    ),
  ].join('\n');
}

function layerRow({ layer, op, local, accumulated }: ComparedLayer): string[] {
  return [
    layer,
    op,
    formatDb(local.sqnrDb),
    formatDb(accumulated.sqnrDb),
    accumulated.maxAbsError.toPrecision(3),
    accumulated.cosine.toFixed(5),
  ];
}

const mostNamed = 5;

function unmatchedLines({ unmatchedReference, unmatchedOther }: CompareReport): string[] {
  const line = (names: readonly string[], where: string): string[] => {
    if (names.length === 0) return [];
    const shown = names.slice(0, mostNamed).map((n) => `'${printable(n)}'`);
    const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
    return [`${names.length} layers of ${where} have no partner: ${shown.join(', ')}${more}`];
  };
  return [...line(unmatchedReference, 'the reference'), ...line(unmatchedOther, 'the other model')];
}
