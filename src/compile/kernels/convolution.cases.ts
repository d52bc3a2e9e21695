// Convolutions of odd sizes: every remainder of the tiles, runs near and far, rows and images with gaps, extreme sums.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import { CaseMemory, kernelCase } from '../../../test/support/kernel-case.ts';
import { Dice, placePanels, resultOf, someProducts, widened } from '../../../test/support/products.ts';
import {
  convolution,
  convolutionCodes,
  convolutionFloats,
  convolutionHalves,
  pointwise,
  pointwiseHalves,
} from './convolution.ts';
import { panelBytes, panelCount } from './panels.ts';
import type { Results } from './product-results.ts';
import { isRoomy } from './product-results.ts';

const kernels = [
  ...([2, 3, 4] as const).flatMap((quads) => [
    { kernel: convolution[quads], results: 'padded', round: 4 * quads } as const,
    { kernel: convolutionHalves[quads], results: 'halves', round: 4 * quads } as const,
    { kernel: pointwise[quads], results: 'padded', round: 4 * quads } as const,
    { kernel: pointwiseHalves[quads], results: 'halves', round: 4 * quads } as const,
  ]),
  { kernel: convolutionCodes, results: 'codes', round: 8 },
  { kernel: convolutionFloats, results: 'floats', round: 8 },
] as const;

interface Shape {
  readonly columns: number;
  readonly rows: number;
  readonly images: number;
  readonly runs: number;
  readonly rounds: number;
  readonly channels: number;
}

const shapes: readonly Shape[] = [
  { columns: 1, rows: 1, images: 1, runs: 1, rounds: 1, channels: 1 },
  ...[2, 3, 4, 5, 6, 7, 8, 9, 11, 13].map((columns) => ({
    columns,
    rows: 1,
    images: 1,
    runs: 1,
    rounds: 2,
    channels: 8,
  })),
  { columns: 7, rows: 3, images: 2, runs: 3, rounds: 2, channels: 16 },
  { columns: 5, rows: 5, images: 3, runs: 9, rounds: 1, channels: 13 },
  { columns: 1, rows: 19, images: 1, runs: 2, rounds: 3, channels: 24 },
  { columns: 14, rows: 2, images: 1, runs: 1, rounds: 40, channels: 9 },
];

export function* cases(): Generator<KernelCase> {
  let seed = 1;
  for (const { kernel, results, round } of kernels)
    for (const shape of shapes)
      yield oneCase(seed++, kernel, results, round, 'runs' in kernel.fields ? shape : { ...shape, runs: 1 });
}

function oneCase(
  seed: number,
  kernel: (typeof kernels)[number]['kernel'],
  results: Results,
  round: number,
  { columns, rows, images, runs, rounds, channels }: Shape,
): KernelCase {
  const dice = new Dice(seed);
  const runBytes = round * rounds;
  const size = results === 'floats' ? 4 : 1;
  // Codes and floats also lie channel by channel, far apart.
  const planes = !isRoomy(results) && dice.between(0, 1) === 1;
  const pixels = columns * rows * images;
  const channelStep = planes ? pixels * size : size;
  const room = isRoomy(results) ? Math.ceil(channels / 8) * 8 : planes ? size : channels * size;
  const gap = (): number => dice.between(0, 2) * 8;
  const step = (pixel: number): { pixel: number; row: number; image: number } => ({
    pixel: pixel + (planes ? 0 : gap()),
    row: planes ? 0 : gap(),
    image: planes ? 0 : gap(),
  });
  const to = step(room);
  const from = { pixel: [4, runBytes, runBytes + 8][dice.between(0, 2)]!, row: gap(), image: gap() };
  const products = someProducts(dice, channels, runs * runBytes, results);
  const memory = new CaseMemory();
  const start = (p: number, { pixel, row, image }: typeof to): number =>
    p * pixel + Math.floor(p / columns) * row + Math.floor(p / (columns * rows)) * image;
  const offsets = [0];
  for (let r = 1; r < runs; r++)
    offsets.push(offsets[r - 1]! + runBytes + 4 * dice.between(-runBytes / 4, 9));
  const before = Math.max(0, -Math.min(...offsets));
  const reach = before + start(pixels - 1, from) + Math.max(...offsets) + runBytes;
  const bytes = dice.bytes(reach, dice.between(0, 2) === 0 ? 'extreme' : 'any');
  const source = memory.place(bytes) + before;
  // Both operands also as the baseline reads them.
  const wideSource = memory.place(Uint16Array.from(bytes)) + 2 * before;
  const weights = placePanels(memory, products);
  const target = memory.room(start(pixels - 1, to) + room + (channels - 1) * (planes ? channelStep : 0));
  const expected: { at: number; bytes: Uint8Array }[] = [];
  const scribbled: { at: number; bytes: number }[] = [];
  for (let p = 0; p < pixels; p++) {
    const first = before + start(p, from);
    const data = offsets.flatMap((o) => [...bytes.subarray(first + o, first + o + runBytes)]);
    const at = target + start(p, to);
    for (let c = 0; c < channels; c++)
      expected.push({ at: at + c * channelStep, bytes: resultOf(products, c, data) });
    if (isRoomy(results)) scribbled.push({ at: at + channels, bytes: room - channels });
  }
  const params = {
    source,
    wideSource,
    sourcePixel: from.pixel,
    sourceRow: from.row,
    sourceImage: from.image,
    target,
    targetPixel: to.pixel,
    targetRow: to.row,
    targetImage: to.image,
    columns,
    rows,
    runs,
    runBytes,
    offsets: memory.place(Int32Array.from(offsets)),
    weights,
    wideWeights: memory.place(
      widened(memory.read(weights, panelBytes(runs * runBytes, !isRoomy(results)) * panelCount(channels))),
    ),
    channels,
    channelStep,
    zero: products.zero,
  };
  return kernelCase(kernel, {
    name: `${kernel.name} ${columns} x ${rows} x ${images} pixels, ${runs} runs of ${runBytes}, ${channels} channels`,
    params,
    units: pixels,
    memory: memory.finish(),
    expected,
    scribbled,
  });
}
