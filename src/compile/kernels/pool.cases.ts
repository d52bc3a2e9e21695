// Pools and means: windows inside, across and beyond borders, blocks of channels that end anywhere, sums along any axes.

import type { KernelCase } from '../../../test/support/kernel-case.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes } from '../../../test/support/random-tensors.ts';
import { attr, perTensor } from '../../ir/index.ts';
import { averagePool } from './average-pool.ts';
import { maxPool } from './max-pool.ts';
import { sumCodes } from './sum-codes.ts';

const sizes: readonly (readonly [channels: number, height: number, width: number])[] = [
  [1, 1, 1],
  [8, 5, 4],
  [13, 7, 9],
  [16, 4, 6],
  [33, 3, 3],
];

export function* cases(): Generator<KernelCase> {
  // Nothing of the data reaches the zero point: padding would win.
  const quant = perTensor('uint8', 0.03, 255, 'a test');
  const to = perTensor('int8', 0.021, -7, 'a test');
  for (const [channels, height, width] of sizes) {
    const dims = [1, channels, height, width];
    const what = `${channels} channels of ${height} x ${width}`;
    const data = { tensor: codes(dims, channels, 'uint8'), quant, layout: 'last' } as const;
    for (const kernel of [1, 3]) {
      const attributes = {
        kernel_shape: attr.ints([kernel, kernel]),
        strides: attr.ints([2, 1]),
        pads: attr.ints(kernel === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0]),
        ceil_mode: attr.int(1),
      };
      yield caseOfNode(`max of ${kernel} x ${kernel}, ${what}`, maxPool, {
        op: 'MaxPool',
        attributes,
        inputs: [data],
        outputs: [{ quant, layout: 'last' }],
      });
      for (const padding of [0, 1])
        yield caseOfNode(`mean of ${kernel} x ${kernel}, padding counts ${padding}, ${what}`, averagePool, {
          op: 'AveragePool',
          attributes: { ...attributes, count_include_pad: attr.int(padding) },
          inputs: [data],
          outputs: [{ quant: to, layout: 'last' }],
          opset: 19,
        });
    }
    yield caseOfNode(`mean of all, ${what}`, averagePool, {
      op: 'GlobalAveragePool',
      inputs: [data],
      outputs: [{ quant: to, layout: 'last' }],
    });
    if (channels > 1)
      yield caseOfNode(`mean along channels, ${what}`, sumCodes, {
        op: 'ReduceMean',
        attributes: { axes: attr.ints([1, 3]), keepdims: attr.int(0) },
        inputs: [data],
        outputs: [{ quant: to }],
      });
  }
}
