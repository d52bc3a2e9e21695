/** Plain text tables: columns as wide as their widest cell, numbers to the right. */
import { printable } from './format.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const shown = [columns.map((c) => c.title), ...rows].map((row) => row.map(printable));
  const widths = columns.map((_, i) => shown.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), 0));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.align === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return shown.map(line).join('\n');
}
