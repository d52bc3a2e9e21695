// The kernels that choose, compare and cast, in the variant of every engine.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { cases } from './choose.cases.ts';

test.each(cases().map((c) => [c.name, c] as const))('%s', (_, one) => {
  expect(runKernelCase(one, 'baseline')).toBe(undefined);
});
