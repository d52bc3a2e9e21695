// Cases of the kernels between floats and codes: both ways, together and apart in memory, with values that saturate.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestLayout } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes, floats } from '../../../test/support/random-tensors.ts';
import { perTensor } from '../../ir/index.ts';
import { dequantize } from './dequantize.ts';
import { lookupBytes, lookupWords } from './lookup.ts';
import { copyPixels, quantizePixels } from './pixels.ts';
import { quantize } from './quantize.ts';

const shapes: readonly (readonly number[])[] = [
  [1],
  [3],
  [4],
  [37],
  [2, 3, 5, 9],
  [1, 20, 3, 4],
  [10000],
  [3, 1, 7],
];
const layouts: readonly TestLayout[] = ['dense', 'last'];

/** Every number of channels, columns around whole blocks, one spatial axis and several images. */
const pictures: readonly (readonly number[])[] = [
  [1, 3, 5, 37],
  [2, 3, 3, 16],
  [1, 1, 4, 17],
  [2, 2, 40],
  [1, 4, 3, 31],
];

export function cases(): readonly KernelCase[] {
  return [...crossings(), ...pictures.flatMap(toPixels)];
}

function toPixels(dims: readonly number[]): readonly KernelCase[] {
  const quant = perTensor('int8', 0.021, -3, 'a test');
  const made = {
    op: 'QuantizeLinear',
    outputs: [{ quant, layout: 'narrow' as const }],
  };
  const what = `pixels of ${dims.join('x')}`;
  return [
    caseOfNode(`quantize ${what}`, quantizePixels, {
      ...made,
      inputs: [{ tensor: floats(dims, dims.length) }],
    }),
    caseOfNode(`copy ${what}`, copyPixels, {
      ...made,
      inputs: [{ tensor: codes(dims, dims.length, 'int8'), quant }],
    }),
  ];
}

function crossings(): readonly KernelCase[] {
  const to = perTensor('int8', 0.021, -3, 'a test');
  const from = perTensor('uint8', 0.013, 255, 'a test');
  return shapes.flatMap((dims) =>
    layouts.flatMap((layout) => {
      const real = { tensor: floats(dims, dims.length) };
      const coded = { tensor: codes(dims, dims.length, 'uint8'), quant: from, layout };
      const what = `${dims.join('x')}, ${layout}`;
      return [
        caseOfNode(`quantize ${what}`, quantize, {
          op: 'QuantizeLinear',
          inputs: [real],
          outputs: [{ quant: to, layout }],
        }),
        caseOfNode(`dequantize ${what}`, dequantize, { op: 'DequantizeLinear', inputs: [coded] }),
        caseOfNode(`look bytes up ${what}`, lookupBytes, {
          op: 'Sigmoid',
          inputs: [coded],
          outputs: [{ quant: to }],
        }),
        caseOfNode(`look words up ${what}`, lookupWords, { op: 'Exp', inputs: [coded] }),
      ];
    }),
  );
}
