// Between floats and codes, compiled: the reference's bytes, at any layout.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, quants } from '../../../test/support/random-tensors.ts';
import { perChannel, perTensor, Tensor } from '../../ir/index.ts';

const dims = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 0, maxLength: 4 });

test('floats to codes to floats, and codes to other codes', () => {
  fc.assert(
    fc.property(dims, fc.nat(), quants, quants, layouts, layouts, (shape, seed, quant, other, from, to) => {
      const real = { tensor: floats(shape, seed), layout: from };
      const coded = { tensor: codes(shape, seed, quant.dtype as 'int8'), quant, layout: from };
      for (const test of [
        { op: 'QuantizeLinear', inputs: [real], outputs: [{ quant, layout: to }] },
        { op: 'DequantizeLinear', inputs: [coded], outputs: [{ layout: to }] },
        { op: 'QuantizeLinear', inputs: [coded], outputs: [{ quant: other, layout: to }] },
      ])
        expect(firstDifference(runLowered(test))).toBe(undefined);
    }),
    { numRuns: 30 },
  );
});

test('halves go to even, everything saturates, zeros and infinities have their codes', () => {
  const quant = perTensor('uint8', 0.5, 3, 'a test');
  const x = [0.25, 0.75, 1.25, -0.25, -0.75, 1e30, -1e30, Infinity, -Infinity, -0, 1e-45, 126.24, 126.26];
  const tensor = Tensor.of('float32', [13], Float32Array.from(x));
  expect(
    firstDifference(runLowered({ op: 'QuantizeLinear', inputs: [{ tensor }], outputs: [{ quant }] })),
  ).toBe(undefined);
});

test('weights with a scale for each channel, and 32-bit ones, become constants of floats', () => {
  const quant = perChannel('int8', [0.5, 0.25, 2], 1, 'a test');
  const tensor = codes([4, 3, 5], 7, 'int8');
  const ran = runLowered({ op: 'DequantizeLinear', inputs: [{ tensor, quant, constant: true }] });
  expect(firstDifference(ran)).toBe(undefined);
  expect(ran.kernels).toEqual(['copy-runs']);
});
