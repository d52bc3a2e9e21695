/** An explanation of one tensor for a terminal, within 100 columns: charts of blocks, a table of methods, one sentence. */
import type { Choice, Explanation } from '../analyse/explain.ts';
import { axisLines, blockChart, markerLine } from './block-chart.ts';
import { columnsOf, curveShown, logHeights } from './explain-scale.ts';
import { formatCount, formatDb, formatPercent, printable } from './format.ts';
import { table } from './table.ts';

const columns = 88;
const gutter = 11;
const rows = 6;

export interface ExplainSource {
  readonly table: string;
  readonly engine: string;
}

export function explainText(explanation: Explanation, source: ExplainSource): string {
  const { tensor, methods, histogram } = explanation;
  const lettered = methods.map((choice, i) => ({ choice, letter: 'abcdefghijklmnopqrstuvwxyz'[i] ?? '?' }));
  const markers = lettered.map(({ choice, letter }) => ({ letter, at: choice.threshold / histogram.end }));
  return [
    printable(tensor),
    `${source.table}: ${explanation.samples} samples, measured with ${source.engine}`,
    '',
    ...valuesLines(explanation),
    '',
    ...histogramLines(explanation),
    '',
    ...curveLines(explanation),
    markerLine(markers, columns, gutter),
    ...axisLines(histogram.end, columns, gutter),
    '',
    methodsTable(lettered),
    '',
    ...verdictLines(explanation),
  ].join('\n');
}

function valuesLines({ values, zeros, nan, infinite, min, max, percentiles, form }: Explanation): string[] {
  const { p99, p999, p9999 } = percentiles;
  const odd = nan + infinite;
  const lines = [
    `${formatCount(values)} values from ${number(min)} to ${number(max)}, ${formatPercent(zeros / values, 1)} of them zero${odd > 0 ? `; ${nan} NaN and ${infinite} infinite ones are left out` : ''}`,
    `99 % are within ${number(p99)}, 99.9 % within ${number(p999)}, 99.99 % within ${number(p9999)} of zero`,
  ];
  const codes =
    form.kind === 'symmetric'
      ? `${form.levels} codes around zero`
      : `${form.levels} codes from the least value to the greatest`;
  return [...lines, `to be told apart by ${codes}`];
}

function histogramLines({ histogram }: Explanation): string[] {
  const { counts, end, beyond } = histogram;
  const sums = columnsOf(counts, columns, (part) => part.reduce((a, b) => a + b, 0));
  const most = sums.reduce((a, b) => Math.max(a, b), 0);
  const cut =
    beyond === 0
      ? []
      : [`${formatCount(beyond)} are beyond ${number(end)}, twice the 99.99th percentile: not drawn`];
  return [
    'How many values are how far from zero (zeros left out; logarithmic)',
    ...cut,
    ...blockChart({
      heights: logHeights(sums, 0.5),
      rows,
      top: formatCount(most),
      bottom: '1',
      gutter,
    }),
    ...axisLines(end, columns, gutter),
  ];
}

function curveLines(explanation: Explanation): string[] {
  const { points, lo, hi } = curveShown(explanation);
  if (points.length === 0) return ['No threshold has a finite relative entropy'];
  const least = new Array<number>(columns).fill(Number.POSITIVE_INFINITY);
  for (const { x, y } of points) {
    const column = Math.min(Math.floor((x / explanation.histogram.end) * columns), columns - 1);
    least[column] = Math.min(least[column]!, y, hi);
  }
  return [
    `Relative entropy in bits if the codes end there (${explanation.levels} levels; logarithmic), and the methods below`,
    ...blockChart({
      heights: logHeights(least, lo * 0.8),
      rows,
      top: number(hi),
      bottom: number(lo),
      gutter,
    }),
  ];
}

function methodsTable(lettered: readonly { readonly choice: Choice; readonly letter: string }[]): string {
  return table(
    [
      { title: '' },
      { title: 'method' },
      { title: 'range' },
      { title: 'saturated', align: 'right' },
      { title: 'H(P)', align: 'right' },
      { title: 'H(P,Q)', align: 'right' },
      { title: 'lost', align: 'right' },
      { title: 'SQNR', align: 'right' },
    ],
    lettered.map(({ choice, letter }) => [
      letter,
      choice.method,
      rangeText(choice),
      formatPercent(choice.saturated, 3),
      choice.entropy.toFixed(3),
      bits(choice.crossEntropy, 3),
      bits(choice.relativeEntropy, 4),
      formatDb(choice.sqnrDb),
    ]),
  );
}

/** What a learner should take away, in figures of this tensor. */
export function verdictLines({ before, after }: Explanation): string[] {
  const head = [choiceLine('before: map the maximum', before), choiceLine(`after: ${after.method}`, after)];
  if (after.saturated === 0 && after.threshold >= before.threshold)
    return [
      ...head,
      `${after.method} keeps the whole range: no value is far enough from the others to pay for.`,
    ];
  const finer = before.step / after.step;
  const gain = after.sqnrDb - before.sqnrDb;
  const clipped = `Giving up ${formatPercent(after.saturated, 3)} of the values makes every step ${finer.toFixed(2)} times as fine`;
  const lost = `relative entropy ${bits(before.relativeEntropy, 4)} -> ${bits(after.relativeEntropy, 4)} bits`;
  const noise =
    gain >= 0
      ? `${gain.toFixed(1)} dB less noise.`
      : `${(-gain).toFixed(1)} dB more noise: what is cut off weighs more than it buys.`;
  return [...head, `${clipped}:`, `${lost}, ${noise}`];
}

function choiceLine(title: string, c: Choice): string {
  return `${title.padEnd(26)} T = ${number(c.threshold)}, step ${number(c.step)}, H(P) ${c.entropy.toFixed(3)}, H(P,Q) ${bits(c.crossEntropy, 3)}, lost ${bits(c.relativeEntropy, 4)}`;
}

function rangeText({ range: { lo, hi } }: Choice): string {
  const short = (x: number): string => {
    const text = number(x);
    return text.includes('e') ? Number(x.toPrecision(2)).toString() : text;
  };
  return lo === -hi ? `±${short(hi)}` : `${short(lo)} .. ${short(hi)}`;
}

function bits(x: number, digits: number): string {
  return Number.isFinite(x) ? x.toFixed(digits) : 'inf';
}

function number(x: number): string {
  return Number(x.toPrecision(4)).toString();
}
