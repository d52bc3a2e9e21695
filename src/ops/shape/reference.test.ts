// Blocks and reversed sequences against onnxruntime.
import { expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, string } = attr;
const { floats } = seeded(1);

test.each(['DCR', 'CRD'])('DepthToSpace, %s, and back', async (mode) => {
  const attributes = { blocksize: int(2), mode: string(mode) };
  await expectReferenceAgrees({ op: 'DepthToSpace', inputs: [floats(2, 12, 2, 3)], attributes });
});

test.each([1, 2, 3])('SpaceToDepth, blocks of %i', async (block) => {
  const inputs = [floats(2, 3, 6, 12)];
  await expectReferenceAgrees({ op: 'SpaceToDepth', inputs, attributes: { blocksize: int(block) } });
});

test.each([
  [0, 1],
  [1, 0],
])('ReverseSequence, time axis %i', async (time, batch) => {
  const data = floats(4, 4, 3);
  await expectReferenceAgrees({
    op: 'ReverseSequence',
    inputs: [data, int64s(1, 4, 2, 3)],
    attributes: { time_axis: int(time), batch_axis: int(batch) },
  });
});

test('empty data stays empty', () => {
  const empty = Tensor.from('float32', [0, 4, 2, 2], []);
  const attributes = { blocksize: int(2) };
  expect(runReference({ op: 'DepthToSpace', inputs: [empty], attributes })[0]!.dims).toEqual([0, 1, 4, 4]);
  expect(runReference({ op: 'SpaceToDepth', inputs: [empty], attributes })[0]!.dims).toEqual([0, 16, 1, 1]);
});

test('shapes that do not fit are named', () => {
  const wrong: OneNode[] = [
    { op: 'DepthToSpace', inputs: [floats(1, 6, 2, 2)], attributes: { blocksize: int(2) } },
    { op: 'SpaceToDepth', inputs: [floats(1, 6, 3, 2)], attributes: { blocksize: int(2) } },
    { op: 'SpaceToDepth', inputs: [floats(1, 6, 2)], attributes: { blocksize: int(2) } },
    { op: 'ReverseSequence', inputs: [floats(2, 2), int64s(1, 3)] },
    { op: 'ReverseSequence', inputs: [floats(2, 2), int64s(1)] },
  ];
  for (const spec of wrong) expect(() => runReference(spec)).toThrow(`(${spec.op})`);
});
