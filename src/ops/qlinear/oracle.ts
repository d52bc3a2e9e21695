/** Quantized operators that stand in files, ONNX's own and onnxruntime's, by the arithmetic of the plain operators. */
import type { OracleContract, Reference } from '../contract.ts';
import { microsoftForms, onnxForms } from './forms.ts';
import { referenceOfForm } from './plain.ts';
import { referenceConvInteger, referenceMatMulInteger } from './sums.ts';

/** The contracts, with references for the quantized operators among them. */
export function withQLinear(contracts: readonly OracleContract[]): readonly OracleContract[] {
  const plain = new Map(contracts.filter((c) => c.domain === undefined).map((c) => [c.op, c]));
  const plainOf = (op: string): OracleContract | undefined => plain.get(op);
  const onnx = new Map<string, Reference>([
    ['ConvInteger', referenceConvInteger],
    ['MatMulInteger', referenceMatMulInteger],
    ...Object.entries(onnxForms).map(([op, form]) => [op, referenceOfForm(form, plainOf)] as const),
  ]);
  const microsoft = new Map(
    Object.entries(microsoftForms).map(([op, form]) => [op, referenceOfForm(form, plainOf)] as const),
  );
  return contracts.map((contract): OracleContract => {
    const reference = (contract.domain === undefined ? onnx : microsoft).get(contract.op);
    return reference === undefined ? contract : { ...contract, reference };
  });
}
