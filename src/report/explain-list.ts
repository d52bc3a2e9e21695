/** The tensors of a calibration table, one a line: what there is to explain. */
import type { Statistics } from '../calibrate/collect.ts';
import { formatPercent } from './format.ts';
import { table } from './table.ts';

export interface TensorList {
  readonly octavo: string;
  readonly table: string;
  readonly graph: string;
  readonly engine: string;
  readonly samples: number;
  readonly tensors: Statistics;
}

export function explainListText({ table: path, samples, engine, tensors }: TensorList): string {
  const rows = [...tensors].map(([name, s]) => [
    name,
    s.finite === 0 ? '' : shortNumber(s.min),
    s.finite === 0 ? '' : shortNumber(s.max),
    s.count === 0 ? '' : formatPercent(s.zeros / s.count, 1),
    s.count === s.finite ? '' : `${s.count - s.finite} not finite`,
  ]);
  return [
    `${path}: ${tensors.size} tensors, ${samples} samples, measured with ${engine}`,
    '',
    table(
      [
        { title: 'tensor' },
        { title: 'least', align: 'right' },
        { title: 'greatest', align: 'right' },
        { title: 'zeros', align: 'right' },
        { title: '' },
      ],
      rows,
    ),
    '',
    `octavo explain ${path} <tensor> shows one of them`,
  ].join('\n');
}

export function explainListJson({ tensors, ...about }: TensorList): string {
  const list = [...tensors].map(([tensor, s]) => ({
    tensor,
    // Infinity is not JSON.
    min: s.finite === 0 ? null : s.min,
    max: s.finite === 0 ? null : s.max,
    values: s.count,
    finite: s.finite,
    zeros: s.zeros,
  }));
  return JSON.stringify({ ...about, tensors: list }, null, 2);
}

function shortNumber(x: number): string {
  return Number(x.toPrecision(4)).toString();
}
