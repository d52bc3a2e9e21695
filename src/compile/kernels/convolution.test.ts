// Products with constant weights, against sums written out: the baseline here, both variants in test/kernels-elsewhere.test.ts.
import { describe, expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { validated } from '../../../test/support/validated-module.ts';
import { assembleModule } from '../module.ts';
import { cases as convolutionCases } from './convolution.cases.ts';
import { cases as thinProductCases } from './thin-product.cases.ts';

const cases = [...convolutionCases(), ...thinProductCases()];

test.each(['relaxed', 'baseline'] as const)('the %s module is valid', async (variant) => {
  await validated(assembleModule([...new Set(cases.map(({ kernel }) => kernel))], { variant }));
});

describe('sums over windows, scaled and rounded once', () => {
  for (const one of cases) test(one.name, () => expect(runKernelCase(one, 'baseline')).toBeUndefined());
});
