// Resize, compiled: the reference's bytes for every mode, up and down, of codes and floats.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, list, quants } from '../../../test/support/random-tensors.ts';
import { attr, Tensor } from '../../ir/index.ts';

const sides = fc.integer({ min: 1, max: 11 });
const transformations = ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel'];
const roundings = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

function holds(node: TestNode, split: number): void {
  expect(firstDifference(runLowered(node, split))).toBe(undefined);
}

test.each(['nearest', 'linear', 'cubic'])('%s', (mode) => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 2 }), sides, sides, sides),
      fc.tuple(sides, sides),
      fc.nat(),
      layouts,
      layouts,
      fc.tuple(quants, fc.option(quants, { nil: undefined })),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (dims, [h, w], seed, layout, to, [quant, other], split) => {
        const attributes = {
          mode: attr.string(mode),
          coordinate_transformation_mode: attr.string(transformations[seed % 4]!),
          nearest_mode: attr.string(roundings[(seed >> 2) % 4]!),
          antialias: attr.int(mode === 'nearest' ? 0 : (seed >> 4) & 1),
        };
        const sizes = list(dims[0], dims[1], h, w);
        const rest = { op: 'Resize', opset: 18, attributes };
        const real = { tensor: floats(dims, seed), layout };
        holds({ ...rest, inputs: [real, undefined, undefined, sizes], outputs: [{ layout: to }] }, split);
        const coded = { tensor: codes(dims, seed, quant.dtype as 'int8'), quant, layout };
        const output = { quant: other ?? quant, layout: to };
        holds({ ...rest, inputs: [coded, undefined, undefined, sizes], outputs: [output] }, split);
      },
    ),
    { numRuns: 25 },
  );
});

const scales = (...values: number[]): TestValue => ({
  tensor: Tensor.of('float32', [values.length], Float32Array.from(values)),
  constant: true,
});

test('by scales, of three axes, to floats; the nearest pixels of an image come in runs', () => {
  const image = (layout: 'dense' | 'last'): TestValue => ({ tensor: floats([1, 16, 5, 6], 3), layout });
  const mode = { mode: attr.string('linear') };
  for (const layout of ['dense', 'last'] as const) {
    holds(
      { op: 'Resize', attributes: mode, inputs: [image(layout), undefined, scales(1, 1.5, 2, 0.7)] },
      0.5,
    );
    holds({ op: 'Resize', attributes: mode, inputs: [image(layout), undefined, scales(1, 1, 1, 1)] }, 0.5);
  }
  const ran = runLowered({
    op: 'Resize',
    attributes: { mode: attr.string('nearest'), nearest_mode: attr.string('floor') },
    inputs: [image('last'), undefined, scales(1, 1, 2, 2)],
    outputs: [{ layout: 'last' }],
  });
  expect([firstDifference(ran), ran.kernels]).toEqual([undefined, ['gather']]);
});

test('crops beyond the data are refused', () => {
  const attributes = {
    mode: attr.string('linear'),
    coordinate_transformation_mode: attr.string('tf_crop_and_resize'),
  };
  const roi = scales(0, 0, -1, 0, 1, 1, 1, 2);
  const inputs = [{ tensor: floats([1, 1, 4, 4], 1) }, roi, undefined, list(1, 1, 3, 3)];
  expect(() => runLowered({ op: 'Resize', attributes, inputs })).toThrow('no kernel for crops');
});
