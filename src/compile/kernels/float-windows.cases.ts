// Cases of the kernels of floats that multiply and pool: tiles and what is left of them, strides, pads, groups, both layouts.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { floats } from '../../../test/support/random-tensors.ts';
import { attr } from '../../ir/index.ts';

const of = (dims: readonly number[], seed: number, layout: TestValue['layout'] = 'dense'): TestValue => ({
  tensor: floats(dims, seed),
  layout,
});
const one = (name: string, node: TestNode): KernelCase => caseOfNode(name, undefined, node);

export function cases(): readonly KernelCase[] {
  return [...products(), ...convolutions(), ...pools()];
}

function products(): readonly KernelCase[] {
  const sizes = [
    [1, 1, 1],
    [3, 5, 7],
    [2, 9, 8],
    [4, 3, 21],
  ] as const;
  return sizes.flatMap(([m, k, n]) => [
    one(`MatMul ${m}x${k}x${n}`, { op: 'MatMul', inputs: [of([2, m, k], 1), of([k, n], 2)] }),
    one(`Gemm ${m}x${k}x${n}`, {
      op: 'Gemm',
      attributes: { transA: attr.int(1), alpha: attr.float(0.3), beta: attr.float(-2) },
      inputs: [of([k, m], 1), of([k, n], 2), of([n], 3)],
    }),
  ]);
}

function convolutions(): readonly KernelCase[] {
  return [1, 2].flatMap((stride) =>
    (['dense', 'last'] as const).flatMap((layout) => {
      const attributes = {
        strides: attr.ints([stride, stride]),
        pads: attr.ints([1, 2, 0, 1]),
        group: attr.int(2),
      };
      const data = of([2, 4, 6, 23], stride, layout);
      return [
        one(`Conv, stride ${stride}, ${layout}`, {
          op: 'Conv',
          attributes,
          inputs: [data, of([6, 2, 3, 3], 5), of([6], 6)],
          outputs: [{ layout }],
        }),
        one(`ConvTranspose, stride ${stride}, ${layout}`, {
          op: 'ConvTranspose',
          attributes,
          inputs: [data, of([4, 3, 3, 2], 5)],
          outputs: [{ layout }],
        }),
      ];
    }),
  );
}

function pools(): readonly KernelCase[] {
  const attributes = {
    kernel_shape: attr.ints([3, 2]),
    pads: attr.ints([1, 1, 2, 0]),
    strides: attr.ints([2, 1]),
  };
  const data: TestValue = { tensor: floats([2, 3, 7, 9], 4, true), layout: 'last' };
  return [
    one('MaxPool', { op: 'MaxPool', attributes, inputs: [data] }),
    one('AveragePool', { op: 'AveragePool', attributes, inputs: [data] }),
  ];
}
