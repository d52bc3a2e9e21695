/** The pictures an explanation is made of, one function each; docs/calibration-theory.md shows them one by one. */
import type { Choice, Explanation } from '../analyse/explain.ts';
import { log2 } from '../analyse/information.ts';
import { columnsOf, curveShown, logHeights } from './explain-scale.ts';
import { formatCount, formatPercent } from './format.ts';
import type { Axis, Frame, Point } from './svg-plot.ts';
import { axes, bars, label, line, mark, xOf } from './svg-plot.ts';

/** Where a panel goes; its title is drawn above. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const barsDrawn = 256;

/** How many values are how far from zero, and where the codes end before and after. */
export function histogramPanel(e: Explanation, place: Place): string {
  const frame = frameOf(e, place);
  const { counts, end } = e.histogram;
  const sums = columnsOf(counts, barsDrawn, (part) => part.reduce((a, b) => a + b, 0));
  const most = sums.reduce((a, b) => Math.max(a, b), 1);
  const edges = Array.from({ length: barsDrawn + 1 }, (_, i) => (end * i) / barsDrawn);
  const powers = powersUpTo(most).map(
    (count): Axis => ({
      at: (log2(count) - log2(0.5)) / (log2(most) - log2(0.5)),
      text: formatCount(count),
    }),
  );
  return [
    label(place.left, place.top - 10, 'Values by their distance from zero (logarithmic)', { class: 'title' }),
    bars(frame, edges, logHeights(sums, 0.5), 'seen'),
    axes(frame, powers, ''),
    thresholdMarks(e, frame),
    thresholdLabels(e, frame),
  ].join('\n');
}

/** What is lost for every threshold. */
export function curvePanel(e: Explanation, place: Place): string {
  const frame = frameOf(e, place);
  const { points: finite, lo, hi } = curveShown(e);
  const span = log2(hi) - log2(lo);
  const points = finite.map(
    ({ x, y: bits }): Point => ({
      x,
      y: span > 0 ? 0.08 + (0.92 * (log2(bits) - log2(lo))) / span : 0.5,
    }),
  );
  const numbers: readonly Axis[] = [
    { at: 0.08, text: short(lo) },
    { at: 1, text: short(hi) },
  ];
  return [
    label(place.left, place.top - 10, `Relative entropy KL(P‖Q) in bits, ${e.levels} levels (logarithmic)`, {
      class: 'title',
    }),
    line(frame, withinTop(inSteps(points)), 'first'),
    axes(frame, numbers, ''),
    thresholdMarks(e, frame),
  ].join('\n');
}

/** Rounding error falls and clipping error grows as the threshold falls: the sum has a lowest point. */
export function noisePanel(e: Explanation, place: Place): string {
  const frame = frameOf(e, place);
  const { thresholds, rounding, clipping } = e.noise;
  const total = rounding.map((r, i) => r + clipping[i]!);
  const [top, bottom] = [0, -60];
  const heightOf = (noise: number): number =>
    (decibels * log2(Math.max(noise, 1e-12)) - bottom) / (top - bottom);
  const pointsOf = (noise: readonly number[]): readonly Point[] =>
    thresholds
      .map((x, i): Point => ({ x, y: noise[i]! > 1e-6 ? heightOf(noise[i]!) : Number.NaN }))
      .filter(({ x }) => x <= e.histogram.end);
  const numbers = [0, -20, -40, -60].map(
    (db): Axis => ({ at: (db - bottom) / (top - bottom), text: `${db} dB` }),
  );
  const textAt = (x: number): number => xOf(frame, x * e.histogram.end);
  return [
    label(place.left, place.top - 10, 'Squared error over the energy of the signal', { class: 'title' }),
    line(frame, pointsOf(total), 'first'),
    line(frame, pointsOf(rounding), 'second thin dashed'),
    line(frame, pointsOf(clipping), 'rule dotted'),
    axes(frame, numbers, ''),
    thresholdMarks(e, frame),
    label(textAt(0.4), frame.top + 12, '- - rounding', { class: 'second-text' }),
    label(textAt(0.52), frame.top + 12, '··· clipping'),
    label(textAt(0.63), frame.top + 12, '— both', { class: 'first-text' }),
  ].join('\n');
}

/** A factor of 2 in decibels: 10 log10(2). */
const decibels = 3.010299956639812;

const levelsDrawn = 6;

/** What was seen near zero, bin by bin, and what the levels of a range can tell of it. */
export function foldPanel(e: Explanation, choice: Choice, title: string, place: Place): string {
  const { counts, end } = e.histogram;
  const width = end / counts.length;
  const reach = Math.min((levelsDrawn * e.before.threshold) / e.levels, end);
  const frame: Frame = { ...place, from: 0, to: reach };
  const drawn = Math.max(Math.round(reach / width), 1);
  const p = counts.slice(0, drawn);
  const most = p.reduce((a, b) => Math.max(a, b), 1);
  const heightOf = (count: number): number => count / most / 1.05;
  const q = sharedByLevel(counts, choice.threshold / e.levels / width).slice(0, drawn);
  const stairs = q.flatMap((y, b): Point[] => {
    const [x, next] = [b * width, Math.min((b + 1) * width, reach)];
    // Level ground needs no points.
    if (b > 0 && q[b - 1] === y) return b === drawn - 1 ? [{ x: next, y: heightOf(y) }] : [];
    const before = b === 0 ? [] : [{ x, y: heightOf(q[b - 1]!) }];
    return [...before, { x, y: heightOf(y) }, ...(b === drawn - 1 ? [{ x: next, y: heightOf(y) }] : [])];
  });
  const edges = Array.from({ length: drawn + 1 }, (_, b) => Math.min(b * width, reach));
  return [
    label(place.left, place.top - 10, title, { class: 'title' }),
    bars(frame, edges, p.map(heightOf), 'seen'),
    line(frame, stairs, 'first'),
    axes(frame, [{ at: heightOf(most), text: formatCount(most) }], ''),
  ].join('\n');
}

/** Every bin's count as its level's mean over the bins that hold something; a level is `width` bins wide. */
function sharedByLevel(counts: readonly number[], width: number): readonly number[] {
  const levelOf = (b: number): number => Math.floor((b + 0.5) / width);
  const mass = new Map<number, { sum: number; filled: number }>();
  for (const [b, count] of counts.entries()) {
    const level = mass.get(levelOf(b)) ?? { sum: 0, filled: 0 };
    mass.set(levelOf(b), { sum: level.sum + count, filled: level.filled + (count > 0 ? 1 : 0) });
  }
  return counts.map((count, b) => {
    const { sum, filled } = mass.get(levelOf(b))!;
    return count > 0 ? sum / filled : 0;
  });
}

function frameOf({ histogram }: Explanation, place: Place): Frame {
  return { ...place, from: 0, to: histogram.end };
}

function thresholdMarks({ before, after, histogram }: Explanation, frame: Frame): string {
  return [
    ...(before.threshold <= histogram.end ? [mark(frame, before.threshold, 'second dashed')] : []),
    ...(after.threshold <= histogram.end ? [mark(frame, after.threshold, 'first thin')] : []),
  ].join('\n');
}

function thresholdLabels({ before, after, histogram }: Explanation, frame: Frame): string {
  const right = frame.left + frame.width;
  const parts: string[] = [];
  if (after.threshold < before.threshold && after.threshold <= histogram.end) {
    const text = `T = ${short(after.threshold)} (${after.method}): ${formatPercent(after.saturated, 3)} beyond`;
    const x = xOf(frame, after.threshold);
    const isLeft = x < frame.left + 260;
    const place = isLeft ? ({ x: x + 6, anchor: 'start' } as const) : ({ x: x - 6, anchor: 'end' } as const);
    parts.push(label(place.x, frame.top + 14, text, { anchor: place.anchor, class: 'first-text' }));
  }
  const beyond = before.threshold > histogram.end;
  parts.push(
    label(
      right - 6,
      frame.top + 32,
      `maximum ${short(before.threshold)}${beyond ? ', beyond this axis' : ''}`,
      {
        anchor: 'end',
        class: 'second-text',
      },
    ),
  );
  return parts.join('\n');
}

/** Above the top there is no line, but where it comes from there or goes there. */
function withinTop(points: readonly Point[]): readonly Point[] {
  const isIn = (i: number): boolean => (points[i]?.y ?? 2) <= 1;
  return points.map(({ x, y }, i) => ({ x, y: isIn(i - 1) || isIn(i) || isIn(i + 1) ? y : Number.NaN }));
}

/** Of many points on one column of pixels the lowest: no picture shows more. */
function inSteps(points: readonly Point[]): readonly Point[] {
  const most = 420;
  if (points.length <= most) return points;
  const size = points.length / most;
  return Array.from({ length: most }, (_, i) =>
    points.slice(Math.floor(i * size), Math.floor((i + 1) * size)).reduce((a, b) => (b.y < a.y ? b : a)),
  );
}

function powersUpTo(most: number): readonly number[] {
  const powers: number[] = [];
  for (let count = 1; count <= most; count *= 10) powers.push(count);
  return powers;
}

function short(x: number): string {
  return Number(x.toPrecision(3)).toString();
}
