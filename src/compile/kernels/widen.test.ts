// Bytes for the baseline's products: here, and in both variants in test/kernels-elsewhere.test.ts.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { validated } from '../../../test/support/validated-module.ts';
import { assembleModule } from '../module.ts';
import { cases } from './widen.cases.ts';
import { widenData, widenWeights } from './widen.ts';

test.each(['relaxed', 'baseline'] as const)('the %s module is valid', async (variant) => {
  await validated(assembleModule([widenData, widenWeights], { variant }));
});

for (const one of cases()) test(one.name, () => expect(runKernelCase(one, 'baseline')).toBeUndefined());
