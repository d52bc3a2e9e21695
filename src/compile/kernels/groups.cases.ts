// Cases of the kernels of groups: softmaxes, normalizations, reductions, along the last axis and along one with a stride.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { floats, list } from '../../../test/support/random-tensors.ts';
import { attr } from '../../ir/index.ts';

const shape = [3, 5, 7];
const of = (dims: readonly number[], seed: number, any = false): TestValue => ({
  tensor: floats(dims, seed, any),
});
const one = (name: string, node: TestNode): KernelCase => caseOfNode(name, undefined, node);

const reductions = [
  ...[
    'ReduceL1',
    'ReduceL2',
    'ReduceLogSum',
    'ReduceLogSumExp',
    'ReduceMax',
    'ReduceMean',
    'ReduceMin',
    'ReduceProd',
  ],
  ...['ReduceSumSquare', 'ArgMax', 'ArgMin'],
];

export function cases(): readonly KernelCase[] {
  return [0, 1, 2].flatMap((axis) => [...alongAxis(axis), ...normalizations(axis)]).concat(channels());
}

function alongAxis(axis: number): readonly KernelCase[] {
  const argument = { axis: attr.int(axis) };
  const axes = { axes: attr.ints([axis]) };
  return [
    ...['Softmax', 'LogSoftmax'].map((op) =>
      one(`${op}, axis ${axis}`, { op, attributes: argument, inputs: [of(shape, axis, axis === 1)] }),
    ),
    ...reductions.map((op) =>
      one(`${op}, axis ${axis}`, {
        op,
        attributes: op.startsWith('Arg') ? argument : axes,
        inputs: [of(shape, axis, axis === 1)],
      }),
    ),
    one(`ReduceSum, axis ${axis}`, { op: 'ReduceSum', inputs: [of(shape, axis), list(axis)] }),
  ];
}

function normalizations(axis: number): readonly KernelCase[] {
  const attributes = { axis: attr.int(axis) };
  const [x, scale, shift] = [of(shape, axis), of(shape.slice(axis), 7), of(shape.slice(axis), 8)];
  return [
    one(`LayerNormalization, axis ${axis}`, {
      op: 'LayerNormalization',
      opset: 17,
      attributes,
      inputs: [x, scale, shift],
    }),
    one(`RMSNormalization, axis ${axis}`, {
      op: 'RMSNormalization',
      opset: 23,
      attributes,
      inputs: [x, scale],
    }),
  ];
}

function channels(): readonly KernelCase[] {
  const image = of([2, 6, 5, 3], 4);
  const [scale, shift, mean] = [1, 2, 3].map((seed) => ({ ...of([6], seed), constant: true }));
  const variance = { ...of([6], 5), constant: true };
  variance.tensor.data('float32').set(variance.tensor.data('float32').map(Math.abs));
  return [
    one('InstanceNormalization', { op: 'InstanceNormalization', inputs: [image, scale, shift] }),
    one('GroupNormalization', {
      op: 'GroupNormalization',
      opset: 21,
      attributes: { num_groups: attr.int(3) },
      inputs: [image, scale, shift],
    }),
    one('BatchNormalization', { op: 'BatchNormalization', inputs: [image, scale, shift, mean, variance] }),
    one('GlobalMaxPool', { op: 'GlobalMaxPool', inputs: [of([2, 3, 9, 2], 4, true)] }),
  ];
}
