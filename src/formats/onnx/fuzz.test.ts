// Damaged files end in a model or in an OctavoError, whatever the damage: truncation, flipped bits, edited lengths,
// pieces moved about. What is read is also written, since that walks everything.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import { sharedModel, sharedModels } from '../../../test/support/shared.ts';
import { bufferSource } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';
import { withParts } from '../../ir/index.ts';
import { readOnnx, writeOnnx } from './index.ts';

const branch = {
  name: 'g',
  output: [valueInfo('z', 1, ['N'])],
  node: [{ op_type: 'Relu', input: ['x'], output: ['z'] }],
};

/** A small file that has a message of nearly every kind. */
const rich = modelProto(
  {
    input: [valueInfo('x', 1, ['N', 2]), valueInfo('c', 9, [])],
    output: [valueInfo('y', 1, undefined)],
    value_info: [valueInfo('h', 1, [null])],
    initializer: [
      { name: 'a', dims: [3], data_type: 7, int64_data: [1, -2, 3] },
      { name: 'b', dims: [2], data_type: 1, raw_data: new Uint8Array(8) },
      { name: 's', dims: [1], data_type: 8, string_data: [new Uint8Array(2)] },
      { name: 'f', dims: [2], data_type: 10, int32_data: [1, 2] },
    ],
    node: [
      { op_type: 'Add', input: ['x', 'b'], output: ['h'], name: 'add' },
      {
        op_type: 'If',
        input: ['c'],
        output: ['y'],
        attribute: [
          { name: 'then_branch', type: 5, g: branch },
          { name: 'else_branch', type: 5, g: branch },
          { name: 'ints', type: 7, ints: [1, 2] },
          { name: 't', type: 4, t: { dims: [1], data_type: 1, float_data: [1] } },
        ],
      },
    ],
  },
  {
    functions: [
      {
        name: 'F',
        domain: 'd',
        input: ['a'],
        output: ['b'],
        node: [{ op_type: 'Neg', input: ['a'], output: ['b'] }],
        opset_import: [{ version: 17 }],
      },
    ],
  },
);

const small = sharedModels.filter((name) => /mnist|kws01/.test(name)).map((name) => sharedModel(name));
const seeds = [rich, rich, ...small];

/** Damage at a place given as a fraction, so that it shrinks well. */
const damage = fc.record({
  seed: fc.nat(seeds.length - 1),
  // Structure lies at the ends; the middle of a real model is weights.
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  kind: fc.constantFrom('cut', 'flip', 'set', 'swap', 'drop', 'repeat'),
  value: fc.nat(255),
  count: fc.integer({ min: 1, max: 40 }),
});

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged({ seed, place, kind, value, count }: Damage): Uint8Array {
  const bytes = seeds[seed]!.slice();
  const at = Math.floor(place * bytes.length);
  switch (kind) {
    case 'cut':
      return bytes.subarray(0, at);
    case 'flip':
      bytes[at]! ^= 1 << (value & 7);
      return bytes;
    case 'set':
      bytes.fill(value, at, at + (count & 7));
      return bytes;
    case 'swap':
      bytes.copyWithin(at, Math.floor(at / 2), Math.floor(at / 2) + count);
      return bytes;
    case 'drop':
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + count)]);
    default:
      return Uint8Array.from([...bytes.subarray(0, at + count), ...bytes.subarray(at)]);
  }
}

function survives(bytes: Uint8Array, viaWindows: boolean): 'read' | 'refused' {
  try {
    const model = readOnnx(viaWindows ? bufferSource(bytes) : bytes);
    const { source: _, ...graph } = model.graph;
    const again = writeOnnx(withParts(model, { graph }));
    expect(readOnnx(again).graph.nodes.length).toBe(graph.nodes.length);
    for (const tensor of graph.initializers.values()) tensor.bytes();
    return 'read';
  } catch (error) {
    if (error instanceof OctavoError) return 'refused';
    throw error;
  }
}

test('a damaged file is read or refused, and never anything else', () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(damage, fc.boolean(), (one, viaWindows) => {
      outcomes[survives(damaged(one), viaWindows)]++;
    }),
    { numRuns: 600 },
  );
  // Both happen, or the damage is too little or too much to mean anything.
  expect(outcomes.read).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(20);
});

test('every truncation of a rich file', () => {
  for (let length = 0; length < rich.length; length++) survives(rich.subarray(0, length), length % 2 === 0);
});

test('every byte of a rich file set to 0, 127, 128 and 255', () => {
  for (let at = 0; at < rich.length; at++)
    for (const value of [0, 127, 128, 255]) {
      const bytes = rich.slice();
      bytes[at] = value;
      survives(bytes, (at & 1) === 0);
    }
});

test('noise is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(survives(bytes, false)).toBe('refused');
    }),
  );
});
