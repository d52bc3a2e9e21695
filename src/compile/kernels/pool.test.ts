// Pools and means as the reference has them: the baseline here, both variants in test/kernels-elsewhere.test.ts.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { validated } from '../../../test/support/validated-module.ts';
import { assembleModule } from '../module.ts';
import { averagePool } from './average-pool.ts';
import { maxPool } from './max-pool.ts';
import { cases } from './pool.cases.ts';
import { sumCodes } from './sum-codes.ts';

test.each(['relaxed', 'baseline'] as const)('the %s module is valid', async (variant) => {
  await validated(assembleModule([averagePool, maxPool, sumCodes], { variant }));
});

for (const one of cases()) test(one.name, () => expect(runKernelCase(one, 'baseline')).toBeUndefined());
