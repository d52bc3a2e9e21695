// Depthwise convolutions against sums written out: the baseline here, both variants in test/kernels-elsewhere.test.ts.
import { describe, expect, test } from 'vitest';
import { runKernelCase } from '../../../test/support/kernel-case.ts';
import { validated } from '../../../test/support/validated-module.ts';
import { assembleModule } from '../module.ts';
import { cases as depthwiseCases } from './depthwise.cases.ts';
import { depthwise, depthwiseCodes, depthwiseFloats } from './depthwise.ts';
import { depthwise3x3, depthwise3x3Stride2 } from './depthwise-3x3.ts';

test.each(['relaxed', 'baseline'] as const)('the %s module is valid', async (variant) => {
  await validated(assembleModule([depthwise, depthwiseCodes, depthwiseFloats], { variant }));
  await validated(assembleModule([depthwise3x3, depthwise3x3Stride2], { variant }));
});

describe('each channel with its own window', () => {
  for (const one of depthwiseCases())
    test(one.name, () => expect(runKernelCase(one, 'baseline')).toBeUndefined());
});
