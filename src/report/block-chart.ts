/** Charts of block characters, for terminals: columns of eighths, several rows high, an axis below. */

const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

export interface BlockChart {
  /** One a column, from 0 to 1; what is not a number leaves the column empty. */
  readonly heights: readonly number[];
  readonly rows: number;
  /** What the top and the bottom stand for: at most `gutter - 1` characters. */
  readonly top: string;
  readonly bottom: string;
  /** Columns for these to the left of the chart. */
  readonly gutter: number;
}

/** Lines from top to bottom. A height above 0 shows as an eighth of a row at least. */
export function blockChart({ heights, rows, top, bottom, gutter }: BlockChart): readonly string[] {
  const filled = heights.map((height) =>
    height > 0 ? Math.max(Math.round(Math.min(height, 1) * rows * 8), 1) : 0,
  );
  return Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * 8;
    const blocks = filled.map((n) => eighths[Math.min(Math.max(n - below, 0), 8)]!).join('');
    const label = row === 0 ? top : row === rows - 1 ? bottom : '';
    return `${label.padStart(gutter - 1)} ${blocks}`.trimEnd();
  });
}

/** An axis of `columns` columns from 0 to `end`, a number every fifth of it. */
export function axisLines(end: number, columns: number, gutter: number): readonly string[] {
  const parts = 5;
  const ticks = Array.from({ length: parts + 1 }, (_, i) => Math.round((i * (columns - 1)) / parts));
  const rule = Array.from({ length: columns }, (_, c) => (ticks.includes(c) ? '┴' : '─')).join('');
  let numbers = '';
  for (const [i, tick] of ticks.entries()) {
    const text = i === 0 ? '0' : Number(((end * i) / parts).toPrecision(3)).toString();
    // Centred on its tick, the last one to the left of it.
    const at = i === parts ? columns - text.length : tick - (text.length >> 1);
    numbers = numbers.padEnd(Math.max(at, 0)) + text;
  }
  const space = ' '.repeat(gutter);
  return [`${space}${rule}`, `${space}${numbers}`];
}

/** A line with a letter at each position (0 to 1), `*` where several fall together. */
export function markerLine(
  markers: readonly { readonly letter: string; readonly at: number }[],
  columns: number,
  gutter: number,
): string {
  const line = new Array<string>(columns).fill(' ');
  for (const { letter, at } of markers) {
    if (!(at >= 0 && at <= 1)) continue;
    const column = Math.min(Math.floor(at * columns), columns - 1);
    line[column] = line[column] === ' ' ? letter : '*';
  }
  return `${' '.repeat(gutter)}${line.join('')}`.trimEnd();
}
