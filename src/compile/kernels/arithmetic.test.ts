// Sums and products of codes as the reference has them: the baseline here, both variants in test/kernels-elsewhere.test.ts.
import { expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { validated } from '../../../test/support/validated-module.ts';
import { assembleModule } from '../module.ts';
import { addScaled } from './add-scaled.ts';
import { cases } from './arithmetic.cases.ts';
import {
  addCode,
  addCodes,
  addCodesApart,
  multiplyByCode,
  multiplyCodes,
  multiplyCodesApart,
} from './arithmetic.ts';

test.each(['relaxed', 'baseline'] as const)('the %s module is valid', async (variant) => {
  await validated(
    assembleModule(
      [addCode, addCodes, addCodesApart, multiplyByCode, multiplyCodes, multiplyCodesApart, addScaled],
      { variant },
    ),
  );
});

for (const one of cases()) test(one.name, () => expect(runKernelCase(one, 'baseline')).toBeUndefined());
