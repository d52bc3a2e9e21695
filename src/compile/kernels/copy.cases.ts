// Cases of the kernels that copy: views of every layout, elements of one, four and eight bytes, runs around each length.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import { CaseMemory, kernelCase } from '../../../test/support/kernel-case.ts';
import type { TestLayout } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes, floats, integers, list } from '../../../test/support/random-tensors.ts';
import { attr, perTensor } from '../../ir/index.ts';
import { copyBytes, copyLongs, copyRuns, copyWords } from './copy.ts';
import { transposeBytes, transposeWords } from './copy-transpose.ts';
import { gather } from './gather.ts';
import { take } from './take.ts';

const quant = perTensor('uint8', 0.1, 7, 'a test');
const bytesOf = (dims: readonly number[], layout: TestLayout = 'dense') => ({
  tensor: codes(dims, dims.length, 'uint8'),
  quant,
  layout,
});
const onCodes = (layout: TestLayout = 'dense') => [{ quant, layout }];

export function cases(): readonly KernelCase[] {
  const runs = [1, 3, 4, 7, 8, 15, 16, 17, 33, 1023, 1500, 150000].map((count) =>
    caseOfNode(`copy a run of ${count} bytes`, copyRuns, {
      op: 'Identity',
      inputs: [bytesOf([count])],
      outputs: onCodes(),
    }),
  );
  const sliced = [1, 2, 5].map((step) =>
    caseOfNode(`copy rows of every ${step} pixel of an image`, copyRuns, {
      op: 'Slice',
      inputs: [
        bytesOf([2, 3 + 8 * step, 7, 9], 'last'),
        list(0, 1),
        list(100, 100),
        list(2, 3),
        list(step, step),
      ],
      outputs: onCodes('last'),
    }),
  );
  const apart = [
    { kernel: copyBytes, value: bytesOf([1, 3, 5, 70]), outputs: onCodes('last') },
    {
      kernel: copyWords,
      value: { tensor: floats([1, 3, 5, 70], 1, true) },
      outputs: [{ layout: 'last' as const }],
    },
    { kernel: copyLongs, value: { tensor: integers([2, 3, 5, 7]) }, outputs: [{ layout: 'last' as const }] },
  ].map(({ kernel, value, outputs }) =>
    caseOfNode(kernel.name, kernel, { op: 'Identity', inputs: [value], outputs }),
  );
  const backwards = caseOfNode('copy backwards', copyWords, {
    op: 'Slice',
    inputs: [{ tensor: floats([9, 6], 2) }, list(-1), list(-100), list(1), list(-1)],
  });
  const turned = [
    [8, 8],
    [9, 70],
    [17, 300],
  ].flatMap(([c, w]) => [
    caseOfNode(`transpose ${c} by ${w} bytes`, transposeBytes, {
      op: 'Identity',
      inputs: [bytesOf([2, c!, 3, w!])],
      outputs: onCodes('last'),
    }),
    caseOfNode(`transpose ${c} by ${w} words`, transposeWords, {
      op: 'Transpose',
      inputs: [{ tensor: floats([c!, w!], 4, true) }],
    }),
  ]);
  return [...runs, ...sliced, ...apart, backwards, ...turned, ...gathers(), outside()];
}

function gathers(): readonly KernelCase[] {
  const mirror = { mode: attr.string('reflect') };
  const indices = { ...list(3, 0, 0, 4, -1, 2), constant: true };
  const computed = { tensor: integers([2, 3], [3, 0, -5, 4, -1, 2]) };
  return [
    caseOfNode('take words by computed indices', take, {
      op: 'Gather',
      attributes: { axis: attr.int(1) },
      inputs: [{ tensor: floats([3, 5, 7], 3, true) }, computed],
    }),
    caseOfNode('gather codes of single bytes', gather, {
      op: 'Gather',
      attributes: { axis: attr.int(1) },
      inputs: [bytesOf([7, 5]), indices],
      outputs: onCodes(),
    }),
    caseOfNode('gather words in rows', gather, {
      op: 'Pad',
      attributes: mirror,
      inputs: [{ tensor: floats([3, 4, 5], 3, true) }, list(0, 2, 1, 0, 3, 4)],
    }),
    caseOfNode('gather pixels', gather, {
      op: 'Pad',
      attributes: mirror,
      inputs: [bytesOf([2, 21, 4, 5], 'last'), list(0, 0, 2, 1, 0, 0, 3, 4)],
      outputs: onCodes('last'),
    }),
  ];
}

/** Indices that ONNX forbids: nothing beyond the data is read. */
function outside(): KernelCase {
  const memory = new CaseMemory();
  const source = memory.place(Int32Array.of(10, 11, 12));
  const index = memory.place(BigInt64Array.of(3n, -4n, 2n ** 62n, -(2n ** 63n), 1n));
  const target = memory.room(20);
  const still = { size1: 1, size2: 1, size3: 1, source0: 0, source1: 0, source2: 0, source3: 0 };
  const steps = {
    target0: 0,
    target1: 0,
    target2: 0,
    target3: 4,
    index0: 0,
    index1: 0,
    index2: 0,
    index3: 8,
  };
  return kernelCase(take, {
    name: 'take the nearest of indices outside',
    params: { ...still, ...steps, size3: 5, source, target, index, size: 3, axisStep: 4, run: 4 },
    units: 5,
    memory: memory.finish(),
    expected: [{ at: target, bytes: new Uint8Array(Int32Array.of(12, 10, 12, 10, 11).buffer) }],
  });
}
