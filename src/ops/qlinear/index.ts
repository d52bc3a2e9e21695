/** Quantized operators of onnxruntime (com.microsoft), typed as the plain operators that they stand for. */
import type { OperatorContract } from '../contract.ts';
import { microsoftForms } from './forms.ts';
import { inferForm } from './infer-form.ts';

export function withMicrosoft(contracts: readonly OperatorContract[]): readonly OperatorContract[] {
  const plain = new Map(contracts.filter((c) => c.domain === undefined).map((c) => [c.op, c]));
  const microsoft = Object.entries(microsoftForms).map(
    ([op, form]): OperatorContract => ({
      op,
      domain: 'com.microsoft',
      infer: inferForm(form, (name) => plain.get(name)),
    }),
  );
  return [...contracts, ...microsoft];
}
