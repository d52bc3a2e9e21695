// The kernels of groups of floats, in the variant of every engine.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { cases } from './groups.cases.ts';

test.each(cases().map((c) => [c.name, c] as const))('%s', (_, one) => {
  expect(runKernelCase(one, 'baseline')).toBe(undefined);
});
