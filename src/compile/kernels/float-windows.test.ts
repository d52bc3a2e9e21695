// The kernels of floats that multiply and pool, in the variant of every engine.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { cases } from './float-windows.cases.ts';

test.each(cases().map((c) => [c.name, c] as const))('%s', (_, one) => {
  expect(runKernelCase(one, 'baseline')).toBe(undefined);
});
