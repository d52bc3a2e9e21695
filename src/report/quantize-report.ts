/** What `quantize` did and proved, as plain data and as text. */
import type { MethodChoice } from '../analyse/auto/choose-methods.ts';
import type { LayerError } from '../analyse/compare-layers.ts';
import type { ModelComparison } from '../analyse/compare-models.ts';
import type { GateResult } from '../analyse/gate.ts';
import type { Note } from '../base/errors.ts';
import type { NodeDecision } from '../quantize/decision.ts';
import { formatBytes, formatDb, formatNote, formatPercent, printable } from './format.ts';
import { table } from './table.ts';

export interface QuantizeReport {
  readonly octavo: string;
  /** Absent: nothing was run. */
  readonly engine?: string;
  readonly input: string;
  readonly output: string;
  readonly target: string;
  readonly method: string;
  readonly biasCorrection: boolean;
  readonly bytes: { readonly float: number; readonly int8: number };
  readonly calibrationSamples: number;
  /** Of method `auto`: what each tensor took and why, with every method's score. */
  readonly choices?: readonly MethodChoice[];
  readonly nodes: readonly NodeDecision[];
  /** Absent: nothing was given to prove it on. */
  readonly proof?: ModelComparison & { readonly layers: readonly LayerError[] };
  readonly gate?: GateResult;
  readonly notes: readonly Note[];
}

/** JSON with Infinity (an exact output) as null. */
export function quantizeReportJson(report: QuantizeReport): string {
  return JSON.stringify(report, null, 2);
}

export function quantizeReportText(report: QuantizeReport): string {
  const { bytes, proof, gate } = report;
  const rows: [string, string][] = [
    [
      'size',
      `${formatBytes(bytes.float)} -> ${formatBytes(bytes.int8)} (${formatPercent(bytes.int8 / bytes.float, 1)})`,
    ],
    ['operators', operatorsLine(report.nodes)],
  ];
  if (proof !== undefined && proof.samples > 0) rows.push(...proofRows(proof));
  const parts = [table([{ title: report.output }, { title: '' }], rows)];
  if (report.choices !== undefined) parts.push(choicesText(report.choices));
  parts.push(...report.notes.map(formatNote));
  if (gate === undefined)
    parts.push('NOT PROVEN: no data was given to compare the two models on. Give --data.');
  else if (gate.passed) parts.push(printable(`PROVEN: ${gate.findings.join('; ')}.`));
  else parts.push(missText(report));
  return parts.join('\n');
}

const mostChoices = 24;

/** What is not what most took; of few tensors all. */
function choicesText(choices: readonly MethodChoice[]): string {
  const times = new Map<string, number>();
  for (const { method } of choices) times.set(method, (times.get(method) ?? 0) + 1);
  const [usual] = [...times].sort((a, b) => b[1] - a[1]).map(([method]) => method);
  const few = choices.length <= mostChoices;
  const listed = (few ? choices : choices.filter((c) => c.method !== usual)).slice(0, mostChoices);
  const rows = listed.map(({ value, method, why }) => [value, method, why]);
  const rest = choices.length - listed.length;
  const text = table([{ title: 'tensor' }, { title: 'method' }, { title: 'why' }], rows);
  return rest === 0 ? text : `${text}\n${rest} more, most of them ${usual}: --save-plan and --json name all`;
}

function operatorsLine(nodes: readonly NodeDecision[]): string {
  const count = (action: NodeDecision['action']) => nodes.filter((n) => n.action === action).length;
  const float = count('float');
  const merged = count('merged');
  return `${count('quantized')} in INT8${merged > 0 ? `, ${merged} merged into them` : ''}${float > 0 ? `, ${float} in float` : ''}`;
}

function proofRows(proof: NonNullable<QuantizeReport['proof']>): [string, string][] {
  const rows: [string, string][] = [];
  if (proof.accuracy !== undefined) {
    const { reference, other, labelled, pValue } = proof.accuracy;
    const drop = `${(100 * (other - reference)).toFixed(2)} points`;
    rows.push([
      'accuracy',
      `${formatPercent(reference)} -> ${formatPercent(other)} (${drop}, ${labelled} samples, McNemar p = ${pValue.toFixed(2)})`,
    ]);
  }
  if (proof.agreement !== undefined)
    rows.push(['top-1 agreement', `${formatPercent(proof.agreement)} of ${proof.samples} samples`]);
  for (const output of proof.outputs) rows.push([`output ${output.name}`, `SQNR ${formatDb(output.sqnrDb)}`]);
  const worst = worstLayers(proof.layers, 1)[0];
  if (worst !== undefined) rows.push(['worst layer', `${worst.layer}, SQNR ${formatDb(worst.sqnrDb)}`]);
  const { referenceMs, otherMs } = proof.time;
  rows.push([
    'time a sample',
    `${referenceMs.toFixed(2)} ms -> ${otherMs.toFixed(2)} ms (${(referenceMs / otherMs).toFixed(2)} times as fast, one thread)`,
  ]);
  return rows;
}

/** The layers with the lowest signal-to-noise ratio, worst first. */
export function worstLayers(layers: readonly LayerError[], count: number): readonly LayerError[] {
  return [...layers].sort((a, b) => a.sqnrDb - b.sqnrDb).slice(0, count);
}

function missText({ gate, proof, input, output }: QuantizeReport): string {
  const lines = [printable(`MISSED: ${gate!.findings.join('; ')}.`)];
  if (proof?.samples === 0)
    return `${lines[0]}\n${output} was written all the same. Give more samples, or others with --eval-data.`;
  const worst = worstLayers(proof?.layers ?? [], 5);
  if (worst.length > 0) {
    const rows = worst.map((l) => [l.layer, formatDb(l.sqnrDb), l.maxAbsError.toPrecision(3)]);
    lines.push(
      table(
        [
          { title: 'worst layers' },
          { title: 'SQNR', align: 'right' },
          { title: 'largest error', align: 'right' },
        ],
        rows,
      ),
    );
    lines.push(
      `${output} was written all the same. Layers inherit errors: octavo compare ${input} ${output} --layers, on the same data, says which of them add any. --exclude the first that do, or try another --method or more --samples.`,
    );
  }
  return lines.join('\n');
}
