// Sums and products: rows of any length, together, with one operand that stays, and apart; steps at the ends of what codes hold.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestLayout, TestNode } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes } from '../../../test/support/random-tensors.ts';
import { perTensor } from '../../ir/index.ts';
import {
  addCode,
  addCodes,
  addCodesApart,
  multiplyByCode,
  multiplyCodes,
  multiplyCodesApart,
} from './arithmetic.ts';

const kernels = {
  Add: { together: addCodes, stays: addCode, apart: addCodesApart },
  Sub: { together: addCodes, stays: addCode, apart: addCodesApart },
  Mul: { together: multiplyCodes, stays: multiplyByCode, apart: multiplyCodesApart },
} as const;

/** Far below a code, about one, and beyond all of them, for which there is only one kernel. */
const scales = [4, 0.021, 1e-9];

export function* cases(): Generator<KernelCase> {
  const a = perTensor('uint8', 0.013, 255, 'a test');
  const b = perTensor('int8', 0.037, -128, 'a test');
  for (const op of ['Add', 'Sub', 'Mul'] as const)
    for (const scale of scales) {
      const to = perTensor('uint8', scale, 3, 'a test');
      const node = (
        first: readonly number[],
        second: readonly number[],
        layouts: readonly TestLayout[] = [],
      ): TestNode => ({
        op,
        inputs: [
          { tensor: codes(first, 1, 'uint8'), quant: a, layout: layouts[0] ?? 'dense' },
          { tensor: codes(second, 2, 'int8'), quant: b, layout: layouts[1] ?? 'dense' },
        ],
        outputs: [{ quant: to, layout: layouts[0] ?? 'dense' }],
      });
      const wide = scale === 1e-9;
      const { together, stays, apart } = kernels[op];
      for (const count of [1, 7, 8, 16, 39, 9000])
        yield caseOfNode(
          `${op} of ${count} to steps of ${scale}`,
          wide || count < 4 ? apart : together,
          node([count], [count]),
        );
      yield caseOfNode(`${op} in images to ${scale}`, wide ? apart : together, {
        ...node([2, 12, 3, 5], [2, 12, 3, 5], ['last', 'last']),
      });
      for (const [first, second] of [
        [[3, 21], [1]],
        [
          [5, 4, 19],
          [4, 1],
        ],
      ] as const)
        yield caseOfNode(
          `${op} of ${first} and ${second} to ${scale}`,
          wide ? apart : stays,
          node(first, second),
        );
      yield caseOfNode(
        `${op} across layouts to ${scale}`,
        apart,
        node([1, 9, 3, 5], [1, 9, 3, 5], ['last', 'dense']),
      );
    }
}
