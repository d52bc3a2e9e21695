// Sums and products of codes compiled: bytes equal to the reference's for any dims that broadcast, layouts and parameters.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, layouts, quants } from '../../../test/support/random-tensors.ts';
import type { QuantParams } from '../../ir/index.ts';
import { perTensor } from '../../ir/index.ts';

const operand = fc.record({
  quant: quants,
  layout: layouts,
  /** Axes that are 1 and spread, as bits, and leading ones left out. */
  ones: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(15)),
  short: fc.nat(2),
  seed: fc.nat(),
});

const size = fc.integer({ min: 1, max: 12 });
const setting = fc.record({
  dims: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 40 }), size, size),
    },
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
  ),
  to: quants,
  toLayout: layouts,
  split: fc.double({ min: 0, max: 1, noNaN: true }),
  /** Scales so far apart that steps leave what fast rounding holds. */
  wild: fc.integer({ min: 0, max: 9 }),
});

type Operand = typeof operand extends fc.Arbitrary<infer T> ? T : never;
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

function value({ quant, layout, ones, short, seed }: Operand, dims: readonly number[], first: boolean) {
  const shape = dims
    .map((d, a) => ((ones >> a) & 1 ? 1 : d))
    .slice(first ? 0 : Math.min(short, dims.length - 1));
  // One operand has every axis, so that the result has the dims.
  const given = first ? [...dims] : shape;
  return {
    tensor: codes(given, seed, quant.dtype as 'uint8'),
    quant,
    layout: given.length < 3 ? 'dense' : layout,
  } as const;
}

function holds(
  op: string,
  { dims, to, toLayout, split, wild }: Setting,
  operands: readonly Operand[],
  turned: boolean,
) {
  const inputs = operands.map((o, i) => value(o, dims, i === 0));
  const quant: QuantParams = wild === 0 ? perTensor(to.dtype, 1e-7, to.zeroPoints[0]!, 'a test') : to;
  const ran = runLowered(
    {
      op,
      inputs: turned ? inputs.toReversed() : inputs,
      outputs: [{ quant, layout: dims.length < 3 ? 'dense' : toLayout }],
    },
    split,
  );
  expect(firstDifference(ran)).toBe(undefined);
  return ran;
}

describe.each(['Add', 'Sub', 'Mul'])('%s', (op) => {
  test('of two operands', () => {
    fc.assert(
      fc.property(setting, operand, operand, fc.boolean(), (given, a, b, turned) => {
        holds(op, given, [a, b], turned);
      }),
      { numRuns: 120 },
    );
  });
});

describe.each(['Sum', 'Mean'])('%s', (op) => {
  test('of any number of operands', () => {
    fc.assert(
      fc.property(setting, fc.array(operand, { minLength: 1, maxLength: 4 }), (given, operands) => {
        holds(op, given, operands, false);
      }),
      { numRuns: 60 },
    );
  });
});

test('equal layouts, and a value for all, take the kernels made for them', () => {
  const quant = perTensor('uint8', 0.5, 3, 'a test');
  const given: Setting = {
    dims: [1, 24, 5, 5],
    to: quant,
    toLayout: 'last',
    split: 0.5,
    wild: 1,
  };
  const whole: Operand = { quant, layout: 'last', ones: 0, short: 0, seed: 1 };
  expect(holds('Add', given, [whole, whole], false).kernels).toEqual(['add-codes']);
  expect(holds('Add', given, [whole, { ...whole, ones: 15 }], true).kernels).toEqual(['add-code']);
  expect(holds('Mul', given, [whole, { ...whole, ones: 12 }], false).kernels).toEqual(['multiply-codes']);
});
