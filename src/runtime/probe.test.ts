// The probe in the runtime is the one the compiler writes into every relaxed module.
import { expect, test } from 'vitest';
import { relaxedHere } from '../../test/support/kernel-case.ts';
import { assembleModule } from '../compile/module.ts';
import { probeModule, relaxedIsExact } from './probe.ts';

test('it is the module of no kernels', () => {
  expect(probeModule).toBe(Buffer.from(assembleModule([], { variant: 'relaxed' })).toString('base64'));
});

test('it says what the module says', () => {
  expect(relaxedIsExact()).toBe(relaxedHere() === true);
});
