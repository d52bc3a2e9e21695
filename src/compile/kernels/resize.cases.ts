// Cases of the kernels that mix along an axis: one axis takes one call, so each axis is resized by itself.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestLayout } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes, floats, list } from '../../../test/support/random-tensors.ts';
import { attr, perTensor } from '../../ir/index.ts';
import { mixKernel } from './resize.ts';

const dims = [2, 9, 5, 7];
const from = perTensor('uint8', 0.05, 120, 'a test');
const to = perTensor('int8', 0.03, -9, 'a test');

export function cases(): readonly KernelCase[] {
  return ['linear', 'cubic'].flatMap((mode) =>
    [
      [5, 17],
      [3, 7],
    ].flatMap(([h, w]) => (['dense', 'last'] as const).flatMap((layout) => resized(mode, [h!, w!], layout))),
  );
}

function resized(mode: string, [h, w]: readonly [number, number], layout: TestLayout): readonly KernelCase[] {
  const attributes = { mode: attr.string(mode) };
  const sizes = list(2, 9, h, w);
  const what = `${mode} to ${h}x${w}, ${layout}`;
  const resize = { op: 'Resize', attributes } as const;
  return [
    caseOfNode(`floats ${what}`, mixKernel('floats', 'floats'), {
      ...resize,
      inputs: [{ tensor: floats(dims, 3), layout }, undefined, undefined, sizes],
    }),
    caseOfNode(`codes ${what}`, mixKernel('codes', 'codes'), {
      ...resize,
      inputs: [{ tensor: codes(dims, 3, 'uint8'), quant: from, layout }, undefined, undefined, sizes],
      outputs: [{ quant: to, layout }],
    }),
  ];
}
