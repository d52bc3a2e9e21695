/** Quantized operators that stand in files: ONNX's own and onnxruntime's, by the arithmetic of the plain operators. */
import type { OperatorContract, Reference } from '../contract.ts';
import { microsoftForms, onnxForms } from './forms.ts';
import { inferForm, referenceOfForm } from './plain.ts';
import { referenceConvInteger, referenceMatMulInteger } from './sums.ts';

/** The contracts, with references for the quantized operators among them, and those of com.microsoft. */
export function withQLinear(contracts: readonly OperatorContract[]): readonly OperatorContract[] {
  const plain = new Map(contracts.filter((c) => c.domain === undefined).map((c) => [c.op, c]));
  const plainOf = (op: string): OperatorContract | undefined => plain.get(op);
  const references = new Map<string, Reference>([
    ['ConvInteger', referenceConvInteger],
    ['MatMulInteger', referenceMatMulInteger],
    ...Object.entries(onnxForms).map(([op, form]) => [op, referenceOfForm(form, plainOf)] as const),
  ]);
  const own = contracts.map((contract): OperatorContract => {
    const reference = contract.domain === undefined ? references.get(contract.op) : undefined;
    return reference === undefined ? contract : { ...contract, reference };
  });
  const microsoft = Object.entries(microsoftForms).map(
    ([op, form]): OperatorContract => ({
      op,
      domain: 'com.microsoft',
      infer: inferForm(form, plainOf),
      reference: referenceOfForm(form, plainOf),
    }),
  );
  return [...own, ...microsoft];
}
