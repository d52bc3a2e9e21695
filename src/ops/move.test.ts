// Elements are moved out of bytes that lie anywhere: files are read into Buffers, tensors start at odd places in them.
import { expect, test } from 'vitest';
import { nodeOf } from '../../test/support/one-node.ts';
import { Tensor } from '../ir/index.ts';
import { moveElements } from './move.ts';

test('of a Buffer at an odd place', () => {
  const buffer = Buffer.from(new ArrayBuffer(9), 1);
  buffer.writeFloatLE(1.5, 0);
  buffer.writeFloatLE(2.5, 4);
  const source = Tensor.lazy('float32', [2], () => buffer);
  const node = nodeOf({ op: 'Gather', inputs: [] });
  expect(moveElements(node, source, [3], [1, 0, -1]).toNumbers()).toEqual([2.5, 1.5, 0]);
});
