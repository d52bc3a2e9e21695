// Depthwise convolutions: 3 x 3 of both strides over odd and even sizes, and any taps.
import { CaseMemory, type KernelCase, kernelCase } from '../../../test/support/kernel-case.ts';
import { Dice, placePanels, resultOf, someProducts, widened } from '../../../test/support/products.ts';
import { depthwise, depthwiseCodes, depthwiseFloats } from './depthwise.ts';
import { depthwise3x3, depthwise3x3Stride2, packDepthwise3x3 } from './depthwise-3x3.ts';
import { panelBytes, panelCount } from './panels.ts';

export function* cases(): Generator<KernelCase> {
  let seed = 200;
  for (const stride of [1, 2] as const)
    for (const [columns, rows, channels] of [
      [1, 1, 8],
      [2, 1, 3],
      [3, 2, 8],
      [4, 3, 16],
      [5, 4, 9],
      [7, 7, 24],
      [8, 5, 40],
    ] as const)
      yield of3x3(seed++, stride, columns, rows, channels);
  for (const { kernel, results } of [
    { kernel: depthwise, results: 'padded' },
    { kernel: depthwiseCodes, results: 'codes' },
    { kernel: depthwiseFloats, results: 'floats' },
  ] as const)
    for (const [columns, rows, channels, taps] of [
      [1, 1, 1, 4],
      [3, 2, 8, 28],
      [2, 5, 13, 12],
      [5, 3, 24, 52],
    ] as const)
      yield ofAnyTaps(seed++, { kernel, results }, { columns, rows, channels, taps });
}

function of3x3(seed: number, stride: 1 | 2, columns: number, rows: number, channels: number): KernelCase {
  const dice = new Dice(seed);
  const products = someProducts(dice, channels, 9, 'padded');
  const room = panelCount(channels) * 8;
  const sourcePixel = room + dice.between(0, 1) * 8;
  const sourceRow = ((columns - 1) * stride + 3) * sourcePixel + dice.between(0, 2) * 8;
  const targetPixel = room + dice.between(0, 1) * 8;
  const targetRow = columns * targetPixel + dice.between(0, 2) * 8;
  const memory = new CaseMemory();
  const bytes = dice.bytes(
    ((rows - 1) * stride + 3) * sourceRow,
    dice.between(0, 2) === 0 ? 'extreme' : 'any',
  );
  const source = memory.place(bytes);
  const target = memory.room(rows * targetRow);
  const expected: { at: number; bytes: Uint8Array }[] = [];
  const scribbled: { at: number; bytes: number }[] = [];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const at = target + y * targetRow + x * targetPixel;
      for (let c = 0; c < channels; c++) {
        const data = Array.from({ length: 9 }, (_, tap) => {
          const [dy, dx] = [Math.floor(tap / 3), tap % 3];
          return bytes[(y * stride + dy) * sourceRow + (x * stride + dx) * sourcePixel + c]!;
        });
        expected.push({ at: at + c, bytes: resultOf(products, c, data) });
      }
      scribbled.push({ at: at + channels, bytes: room - channels });
    }
  const kernel = stride === 1 ? depthwise3x3 : depthwise3x3Stride2;
  const weights = packDepthwise3x3(stride, {
    ...products,
    weight: (channel, tap) => products.weights[channel * 9 + tap]!,
  });
  const placed = memory.place(weights);
  return kernelCase(kernel, {
    name: `${kernel.name} ${columns} x ${rows}, ${channels} channels`,
    params: {
      source,
      sourcePixel,
      sourceRow,
      target,
      targetPixel,
      targetRow,
      columns,
      rows,
      groups: panelCount(channels),
      weights: placed,
      wideWeights: memory.place(widened(new Int8Array(weights.buffer))),
      zero: products.zero,
    },
    units: Math.ceil(rows / 2) * panelCount(channels),
    memory: memory.finish(),
    expected,
    scribbled,
  });
}

function ofAnyTaps(
  seed: number,
  { kernel, results }: { kernel: typeof depthwise; results: 'padded' | 'codes' | 'floats' },
  { columns, rows, channels, taps }: { columns: number; rows: number; channels: number; taps: number },
): KernelCase {
  const dice = new Dice(seed);
  const products = someProducts(dice, channels, taps, results);
  const size = results === 'floats' ? 4 : 1;
  const planes = results !== 'padded' && dice.between(0, 1) === 1;
  const room = results === 'padded' ? panelCount(channels) * 8 : channels;
  const targetPixel = planes ? size : room * size;
  const targetRow = columns * targetPixel;
  const channelStep = planes ? rows * targetRow : size;
  const sourcePixel = 8 * dice.between(1, 4);
  const sourceRow = 8 * dice.between(1, 9);
  const offsets = Int32Array.from({ length: taps }, () => dice.between(0, 200));
  const memory = new CaseMemory();
  const bytes = dice.bytes(rows * sourceRow + columns * sourcePixel + 200 + panelCount(channels) * 8, 'any');
  const source = memory.place(bytes);
  const target = memory.room(planes ? channels * channelStep : rows * targetRow);
  const expected: { at: number; bytes: Uint8Array }[] = [];
  const scribbled: { at: number; bytes: number }[] = [];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const at = target + y * targetRow + x * targetPixel;
      for (let c = 0; c < channels; c++) {
        const data = [...offsets].map((o) => bytes[y * sourceRow + x * sourcePixel + o + c]!);
        expected.push({ at: at + c * channelStep, bytes: resultOf(products, c, data) });
      }
      if (results === 'padded') scribbled.push({ at: at + channels, bytes: room - channels });
    }
  return kernelCase(kernel, {
    name: `${kernel.name} ${columns} x ${rows}, ${channels} channels, ${taps} taps`,
    params: {
      source,
      sourcePixel,
      sourceRow,
      target,
      targetPixel,
      targetRow,
      columns,
      taps: memory.place(offsets),
      tapCount: taps,
      weights: placePanels(memory, products),
      panelBytes: panelBytes(taps, products.shifts !== undefined),
      channels,
      channelStep,
      zero: products.zero,
    },
    units: rows,
    memory: memory.finish(),
    expected,
    scribbled,
  });
}
