// Shapes of the attention operator in its two layouts, with and without a cache.
import { floats } from '../../../test/support/one-node.ts';
import { describeShapes, zeros } from '../../../test/support/shape-cases.ts';
import { attr } from '../../ir/index.ts';

const heads = { q_num_heads: attr.int(4), kv_num_heads: attr.int(2) };

describeShapes('attention', [
  {
    op: 'Attention',
    opset: 23,
    inputs: [zeros(1, 4, 5, 8), zeros(1, 2, 6, 8), zeros(1, 2, 6, 3)],
    expect: [[1, 4, 5, 3]],
  },
  {
    op: 'Attention',
    opset: 23,
    inputs: [zeros(2, 5, 32), zeros(2, 6, 16), zeros(2, 6, 16)],
    attributes: heads,
    expect: [[2, 5, 32]],
  },
  {
    op: 'Attention',
    opset: 23,
    inputs: [
      zeros(2, 5, 32),
      zeros(2, 6, 16),
      zeros(2, 6, 16),
      undefined,
      zeros(2, 2, 7, 8),
      zeros(2, 2, 7, 8),
    ],
    attributes: heads,
    outputs: 4,
    expect: [
      [2, 5, 32],
      [2, 2, 13, 8],
      [2, 2, 13, 8],
      [2, 4, 5, 13],
    ],
  },
  {
    op: 'Attention',
    opset: 23,
    inputs: [floats('N', 'S', 32), floats('N', 'S', 16), floats('N', 'S', 16)],
    attributes: heads,
    outputs: 4,
    expect: [
      ['N', 'S', 32],
      ['N', 2, 'S', 8],
      ['N', 2, 'S', 8],
      ['N', 4, 'S', 'S'],
    ],
  },
]);
