// Products of few rows: one and several, of channels that fill their panels and that do not.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import { CaseMemory, kernelCase } from '../../../test/support/kernel-case.ts';
import { Dice, placePanels, resultOf, someProducts } from '../../../test/support/products.ts';
import { panelBytes, panelCount } from './panels.ts';
import { thinProduct, thinProductCodes, thinProductFloats } from './thin-product.ts';

const kernels = [
  { kernel: thinProduct, results: 'padded' },
  { kernel: thinProductCodes, results: 'codes' },
  { kernel: thinProductFloats, results: 'floats' },
] as const;

const shapes = [
  { rows: 1, places: 8, channels: 1 },
  { rows: 1, places: 64, channels: 8 },
  { rows: 2, places: 24, channels: 10 },
  { rows: 3, places: 16, channels: 31 },
  { rows: 1, places: 1280, channels: 40 },
];

export function* cases(): Generator<KernelCase> {
  let seed = 100;
  for (const { kernel, results } of kernels)
    for (const { rows, places, channels } of shapes) {
      const dice = new Dice(seed++);
      const products = someProducts(dice, channels, places, results);
      const memory = new CaseMemory();
      const sourceRow = places + dice.between(0, 3);
      const bytes = dice.bytes(sourceRow * rows, dice.between(0, 2) === 0 ? 'extreme' : 'any');
      const size = results === 'floats' ? 4 : 1;
      const room = results === 'padded' ? panelCount(channels) * 8 : channels;
      const targetRow = (room + dice.between(0, 3)) * size;
      const source = memory.place(bytes);
      const target = memory.room(rows * targetRow);
      const expected: { at: number; bytes: Uint8Array }[] = [];
      const scribbled: { at: number; bytes: number }[] = [];
      for (let r = 0; r < rows; r++) {
        const data = bytes.subarray(r * sourceRow, r * sourceRow + places);
        const at = target + r * targetRow;
        for (let c = 0; c < channels; c++)
          expected.push({ at: at + c * size, bytes: resultOf(products, c, data) });
        if (results === 'padded') scribbled.push({ at: at + channels, bytes: room - channels });
      }
      yield kernelCase(kernel, {
        name: `${kernel.name} ${rows} x ${places} x ${channels}`,
        params: {
          source,
          sourceRow,
          target,
          targetRow,
          rows,
          places,
          weights: placePanels(memory, products),
          panelBytes: panelBytes(places, products.shifts !== undefined),
          channels,
          channelStep: size,
          zero: products.zero,
        },
        units: panelCount(channels),
        memory: memory.finish(),
        expected,
        scribbled,
      });
    }
}
