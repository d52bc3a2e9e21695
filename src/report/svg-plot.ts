/** Plots as SVG: a frame with axes, areas, lines and marks in it. Made of text alone, readable on light and dark pages. */

export interface Frame {
  /** Of the area drawn in, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Reals at the left and right end. */
  readonly from: number;
  readonly to: number;
}

export interface Axis {
  /** Position from 0 (bottom) to 1 (top), and what stands there. */
  readonly at: number;
  readonly text: string;
}

/** A whole picture: `title` and `description` are what a screen reader says. */
export function svgDocument(
  size: { readonly width: number; readonly height: number },
  about: { readonly title: string; readonly description: string },
  parts: readonly string[],
): string {
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(about.title)}</title>`,
    `<desc id="description">${escaped(about.description)}</desc>`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Mid-tones by themselves; text and rules follow the page where it says what it is. */
const style = [
  'text{font:12px system-ui,sans-serif;fill:#4b5563}',
  '.title{font-weight:600;font-size:14px}',
  '.rule{stroke:#9ca3af;fill:none}',
  '.seen{fill:#9ca3af}',
  '.first{stroke:#2f81f7;fill:none;stroke-width:2}',
  '.second{stroke:#db6d28;fill:none;stroke-width:2}',
  '.dashed{stroke-dasharray:6 4}',
  '.dotted{stroke-dasharray:2 3}',
  '.thin{stroke-width:1}',
  '.first-text{fill:#1f6feb}',
  '.second-text{fill:#bc4c00}',
  '@media (prefers-color-scheme:dark){text{fill:#b6bec9}.first-text{fill:#58a6ff}.second-text{fill:#f0883e}.seen{fill:#6e7681}.rule{stroke:#6e7681}}',
].join('');

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  // Control characters are no XML, and names come from files.
  return text.replace(/[^\P{Cc}\n]/gu, '?').replace(/[&<>"]/g, (c) => entities[c]!);
}

export interface LabelStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly class?: string;
}

export function label(x: number, y: number, text: string, options: LabelStyle = {}): string {
  const { anchor = 'start', class: name } = options;
  const cls = name === undefined ? '' : ` class="${name}"`;
  return `<text x="${pixel(x)}" y="${pixel(y)}" text-anchor="${anchor}"${cls}>${escaped(text)}</text>`;
}

/** Bottom and left rules, numbers along them. */
export function axes(frame: Frame, vertical: readonly Axis[], unit: string): string {
  const { left, top, width, height, from, to } = frame;
  const bottom = top + height;
  const parts = [`<path class="rule" d="M${left} ${top}V${bottom}H${left + width}"/>`];
  for (let i = 0; i <= 5; i++) {
    const x = left + (width * i) / 5;
    const value = Number((from + ((to - from) * i) / 5).toPrecision(3));
    parts.push(`<path class="rule" d="M${pixel(x)} ${bottom}v4"/>`);
    parts.push(
      label(x, bottom + 17, `${value}${i === 5 ? unit : ''}`, { anchor: i === 5 ? 'end' : 'middle' }),
    );
  }
  for (const { at, text } of vertical)
    parts.push(label(left - 6, bottom - at * height + 4, text, { anchor: 'end' }));
  return parts.join('\n');
}

export interface Point {
  /** In the frame's reals. */
  readonly x: number;
  /** 0 at the bottom, 1 at the top; what is not finite breaks a line. */
  readonly y: number;
}

export function line(frame: Frame, points: readonly Point[], name: string): string {
  let d = '';
  let pen = 'M';
  for (const { x, y } of points) {
    if (!Number.isFinite(y)) {
      pen = 'M';
      continue;
    }
    d += `${pen}${pixel(xOf(frame, x))} ${pixel(yOf(frame, y))}`;
    pen = 'L';
  }
  return `<path class="${name}" d="${d}"/>`;
}

/** Bars from the bottom, as wide as the distance between two neighbours: `heights[i]` begins at `edges[i]`. */
export function bars(
  frame: Frame,
  edges: readonly number[],
  heights: readonly number[],
  name: string,
): string {
  const bottom = frame.top + frame.height;
  const d = heights.map((height, i) => {
    if (!(height > 0)) return '';
    const [x, end] = [xOf(frame, edges[i]!), xOf(frame, edges[i + 1]!)];
    return `M${pixel(x)} ${bottom}V${pixel(yOf(frame, height))}H${pixel(end)}V${bottom}Z`;
  });
  return `<path class="${name}" d="${d.join('')}"/>`;
}

/** A vertical line over the whole height. */
export function mark(frame: Frame, x: number, name: string): string {
  return `<path class="${name}" d="M${pixel(xOf(frame, x))} ${frame.top}v${frame.height}"/>`;
}

export function xOf({ left, width, from, to }: Frame, x: number): number {
  return left + (width * (x - from)) / (to - from);
}

function yOf({ top, height }: Frame, y: number): number {
  return top + height * (1 - Math.min(Math.max(y, 0), 1));
}

/** A tenth of a pixel: more is noise in a diff. */
function pixel(x: number): string {
  return (Math.round(x * 10) / 10).toString();
}
