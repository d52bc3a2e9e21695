// Where pictures may have pixels of four bytes: read by dense convolutions and by nobody else.
import { expect, test } from 'vitest';
import type { Node } from '../ir/index.ts';
import { attr, attributes, perTensor, Tensor } from '../ir/index.ts';
import { layOutValues } from './layouts.ts';
import { loweringOf } from './lowering/index.ts';
import type { ReadyGraph } from './ready-graph.ts';

const node = (op: string, inputs: string[], output: string, group = 1): Node => ({
  name: output,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: attributes({ group: op === 'Conv' ? attr.int(group) : undefined }),
});

/** A picture of so many channels, quantized, in front of the readers. */
function pixelOf(channels: number, readers: readonly Node[], outputs: readonly string[] = []): number {
  const weight = Tensor.of('int8', [8, channels, 1, 1], new Int8Array(8 * channels));
  const graph: ReadyGraph = {
    name: 'tested',
    sizes: {},
    inputs: [],
    outputs: outputs.map((name) => ({ name, type: { kind: 'opaque' } })),
    doors: new Set(),
    nodes: [node('QuantizeLinear', ['x', 's'], 'picture'), ...readers],
    opsetOf: () => 17,
    value: (name) => ({
      name,
      dims: name === 'w' ? weight.dims : [1, name === 'picture' || name === 'x' ? channels : 8, 4, 4],
      dtype: name === 'x' ? 'float32' : 'uint8',
      quant: name === 'x' ? undefined : perTensor('uint8', 1, 0, 'a test'),
      constant: name === 'w' ? weight : undefined,
    }),
  };
  const layout = layOutValues(graph, loweringOf).get('picture')!;
  if (layout.kind !== 'channels-last') throw new Error('it does not lie channels last');
  return layout.pixel;
}

const conv = (output: string, group = 1): Node => node('Conv', ['picture', 'w'], output, group);

test('a picture for convolutions is narrow', () => {
  expect(pixelOf(3, [conv('a')])).toBe(4);
  expect(pixelOf(4, [conv('a'), conv('b')])).toBe(4);
});

test('more channels, another reader or a caller want eight', () => {
  expect(pixelOf(5, [conv('a')])).toBe(8);
  expect(pixelOf(3, [conv('a', 3)])).toBe(8);
  expect(pixelOf(3, [conv('a'), node('MaxPool', ['picture'], 'b')])).toBe(8);
  expect(pixelOf(3, [conv('a')], ['picture'])).toBe(8);
});
